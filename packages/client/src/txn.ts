/**
 * Transactions in the form of callers: bytes where the wire has base64.
 *
 * @module
 */

import {
  API_BASE,
  type TxnAnswer as SentAnswer,
  type TxnCompare as SentCompare,
  type TxnOperation as SentOperation,
  type TxnResult as SentResult,
} from '@rollcall/protocol'
import type { CatalogCalls, WriteOptions } from './catalog-calls.ts'
import { base64Of, type Value } from './values.ts'

/** What must be so. A key that is not there has the revisions 0. */
export type TxnCompare =
  Exclude<SentCompare, { valueBase64: string }> | { readonly key: string; readonly value: Value }

/** What is done. No branch may write a key twice. */
export type TxnOperation =
  | Exclude<SentOperation, { put: object }>
  | { readonly put: { readonly key: string; readonly value: Value; readonly lease?: number } }

/** Several compares and operations as one step. */
export interface Txn {
  /** Up to 96; all must hold. Default: none. */
  readonly compares?: readonly TxnCompare[]
  /** Done when they do. */
  readonly then?: readonly TxnOperation[]
  /** Done when one does not. */
  readonly otherwise?: readonly TxnOperation[]
}

export type TxnResult =
  | Exclude<SentResult, { get: unknown }>
  | { readonly get: { readonly value: Uint8Array; readonly modRevision: number } | null }

export interface TxnAnswer {
  /** Whether `then` was done. */
  readonly succeeded: boolean
  readonly revision: number
  /** One for each operation that was done, in its order. */
  readonly results: readonly TxnResult[]
}

/** Sends a transaction. */
export async function sendTxn(
  calls: CatalogCalls,
  txn: Txn,
  options: WriteOptions,
): Promise<TxnAnswer> {
  const { compares = [], then = [], otherwise = [] } = txn
  const body = {
    compares: compares.map(sentCompare),

    then: then.map(sentOperation),
    otherwise: otherwise.map(sentOperation),
  }
  const call = { method: 'POST', path: `${API_BASE}/txn`, body } as const
  const answer = await calls.write(call, options)
  const { results, ...rest } = answer.body as SentAnswer
  return { ...rest, results: results.map(resultOf) }
}

function sentCompare(compare: TxnCompare): SentCompare {
  if (!('value' in compare)) return compare
  return { key: compare.key, valueBase64: base64Of(compare.value) }
}

function sentOperation(operation: TxnOperation): SentOperation {
  if (!('put' in operation)) return operation
  const { value, ...put } = operation.put
  return { put: { ...put, valueBase64: base64Of(value) } }
}

function resultOf(result: SentResult): TxnResult {
  if (!('get' in result)) return result
  if (result.get === null) return { get: null }
  const { valueBase64, modRevision } = result.get
  return { get: { value: Buffer.from(valueBase64, 'base64'), modRevision } }
}
