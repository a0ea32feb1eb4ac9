/**
 * Transactions of users: what they say about their keys, as one commit of the engine.
 *
 * @module
 */

import { invalidArgument, limitExceeded, type RegistryError } from '@rollcall/protocol/errors'
import { invariant } from '@rollcall/runtime'
import type {
  Txn,
  TxnAnswer,
  TxnCompare,
  TxnOperation,
  TxnResult,
  WriteOptions,
} from './catalog.ts'
import type { CatalogCore } from './catalog-core.ts'
import type { Compare, Operation, OperationResult } from './engine.ts'
import { firstBelow } from './engine/first-below.ts'
import type { IdempotentWrites } from './idempotency.ts'
import { kvKey, userKey } from './key-schema.ts'
import { presentEntry } from './kv-feed.ts'
import { useLeases } from './leases/lease-use.ts'
import { KV_LIMITS, TXN_LIMITS } from './limits.ts'
import { checkDeletePrefix, checkKey, checkRevision, checkText, checkValue } from './refusals.ts'

/** See `Catalog.txn` for the contract. */
export class TxnRunner {
  readonly #core: CatalogCore
  readonly #idempotent: IdempotentWrites

  constructor(core: CatalogCore, idempotent: IdempotentWrites) {
    this.#core = core
    this.#idempotent = idempotent
  }

  async run(txn: Txn, { idempotency }: WriteOptions = {}): Promise<TxnAnswer> {
    checkOperations(txn.then.length + txn.otherwise.length)
    const compares = txn.compares.map(toCompare)
    const then = toBranch(txn.then)
    const otherwise = toBranch(txn.otherwise)
    return this.#idempotent.once(idempotency, async (marks) => {
      const result = await this.#core.commit({
        compares,
        then: [...then, ...(await this.#usedBy(txn.then)), ...marks],
        otherwise: [...otherwise, ...(await this.#usedBy(txn.otherwise)), ...marks],
      })
      const { revision, succeeded } = result
      // What was added to the branch comes after what the caller asked for.
      const asked = succeeded ? then : otherwise
      const results = asked.map((_, at) => presentResult(result.results[at], revision))
      return { succeeded, results, revision, isBehind: await this.#core.isBehind(revision) }
    })
  }

  async #usedBy(operations: readonly TxnOperation[]): Promise<readonly Operation[]> {
    const leases = operations.flatMap((operation) =>
      'put' in operation && operation.put.lease !== undefined ? [operation.put.lease] : [],
    )
    return leases.length === 0 ? [] : useLeases(this.#core, leases)
  }
}

function checkOperations(count: number): void {
  const { operations } = TXN_LIMITS
  if (count > operations) throw limitExceeded('operations in one commit', operations, count)
}

function toCompare(compare: TxnCompare): Compare {
  if ('prefix' in compare) {
    checkText('prefix', compare.prefix, KV_LIMITS.keyBytes)
    const prefix = kvKey(compare.prefix)
    if ('empty' in compare) return { kind: 'empty', prefix }
    checkRevision('unchangedSince', compare.unchangedSince)
    return { kind: 'unchanged_since', prefix, revision: compare.unchangedSince }
  }
  checkKey(compare.key)
  const key = kvKey(compare.key)
  if ('exists' in compare) return { kind: 'exists', key, exists: compare.exists }
  if ('value' in compare) {
    checkValue(compare.value)
    return { kind: 'value', key, value: compare.value }
  }
  const [of, revision] =
    'modRevision' in compare
      ? (['mod', compare.modRevision] as const)
      : (['create', compare.createRevision] as const)
  checkRevision(of === 'mod' ? 'modRevision' : 'createRevision', revision)
  return { kind: 'revision', key, of, is: compare.op ?? '=', revision }
}

/** Refuses what the engine would refuse, in the user's words. */
function toBranch(operations: readonly TxnOperation[]): readonly Operation[] {
  const written = new Set<string>()
  const cleared: string[] = []
  const branch = operations.map((operation) => {
    const mapped = toOperation(operation)
    if (mapped.kind === 'put' || mapped.kind === 'delete') {
      if (written.has(mapped.key)) throw twice(mapped.key)
      written.add(mapped.key)
    } else if (mapped.kind === 'delete_prefix') cleared.push(mapped.prefix)
    return mapped
  })
  const below = firstBelow(cleared, [...written])
  if (below !== undefined) throw twice(below)
  return branch
}

function toOperation(operation: TxnOperation): Operation {
  if ('put' in operation) {
    const { key, value, lease } = operation.put
    checkKey(key)
    checkValue(value)
    const put = { kind: 'put', key: kvKey(key), value } as const
    return lease === undefined ? put : { ...put, lease }
  }
  if ('deletePrefix' in operation) {
    const { prefix } = operation.deletePrefix
    checkDeletePrefix(prefix)
    return { kind: 'delete_prefix', prefix: kvKey(prefix) }
  }
  const [kind, { key }] =
    'delete' in operation
      ? (['delete', operation.delete] as const)
      : (['get', operation.get] as const)
  checkKey(key)
  return { kind, key: kvKey(key) }
}

function presentResult(result: OperationResult | undefined, revision: number): TxnResult {
  invariant(result !== undefined, 'an engine answers every operation')
  if (result.kind === 'put') return { put: { modRevision: revision } }
  if (result.kind === 'deleted') return { deleted: result.count }
  return { get: result.entry ? presentEntry(result.entry) : null }
}

function twice(stored: string): RegistryError {
  const key = userKey(stored)
  return invalidArgument(`One branch writes the key "${key}" twice.`, { key })
}
