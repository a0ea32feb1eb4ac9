import { HeartbeatsBody, RegisterBody } from '@rollcall/protocol'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { batchOf, pathOf, registrationOf, serviceOf } from './workload.ts'

const workload = { prefix: 'shop', services: 100, ttlMs: 90_000 }

test('registers what the protocol takes, with three pairs of metadata', () => {
  for (const n of [0, 999_999]) {
    const body = JSON.parse(registrationOf(workload, n)) as RegisterBody
    expect(Check(RegisterBody, body)).toBe(true)
    expect(Object.keys(body.metadata ?? {})).toHaveLength(3)
  }
})

test('deals instances out to the services', () => {
  expect(serviceOf(workload, 205)).toBe('shop-5')
  expect(pathOf(workload, 205)).toBe('/registry/v1/services/shop-5/instances/i-205')
})

test('a batch names as many instances as asked for', () => {
  const body = JSON.parse(batchOf(workload, 300, 3)) as HeartbeatsBody
  expect(Check(HeartbeatsBody, body)).toBe(true)
  expect(body.instances.map(({ id }) => id)).toEqual(['i-300', 'i-301', 'i-302'])
})
