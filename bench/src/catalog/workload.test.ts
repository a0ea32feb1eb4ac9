import { TxnBody } from '@rollcall/protocol'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { KEY_PREFIX, keyOf, kvPath, txnOf } from './workload.ts'

test('names are 32 bytes and in the order of their numbers', () => {
  const names = [0, 9, 10, 499_999].map(keyOf)
  expect(names.map((name) => Buffer.byteLength(name))).toEqual([32, 32, 32, 32])
  expect(names.toSorted()).toEqual(names)
  expect(names.every((name) => name.startsWith(KEY_PREFIX))).toBe(true)
})

test('a name can stand in a path as it is', () => {
  expect(encodeURI(kvPath(keyOf(7)))).toBe(kvPath(keyOf(7)))
})

test('fills with transactions that the protocol takes', () => {
  const body = JSON.parse(txnOf(500, 2, 256)) as TxnBody
  expect(Check(TxnBody, body)).toBe(true)
  const puts = body.then?.map((operation) => ('put' in operation ? operation.put : undefined))
  expect(puts?.map((put) => put?.key)).toEqual([keyOf(500), keyOf(501)])
  expect(Buffer.from(puts?.[0]?.valueBase64 ?? '', 'base64')).toHaveLength(256)
})
