import type { RegistryError } from '@rollcall/protocol/errors'
import type {
  HeldValue,
  Kv,
  KvChanges,
  KvListener,
  KvPage,
  KvPut,
  KvPutAnswer,
  WriteOptions,
  Written,
} from './catalog.ts'
import type { CatalogCore } from './catalog-core.ts'
import type {
  Commit,
  CommitResult,
  Compare,
  KeyValue,
  Operation,
  OperationResult,
} from './engine.ts'
import type { IdempotentWrites } from './idempotency.ts'
import { compareKeys } from './key-order.ts'
import { kvKey } from './key-schema.ts'
import type { RestartReason } from './kv-feed.ts'
import { useLeases } from './leases/lease-use.ts'
import {
  checkDeletePrefix,
  checkKey,
  checkRevision,
  checkValue,
  keyNotFound,
  revisionConflict,
} from './refusals.ts'
import { presentHeld } from './view/kv-table.ts'

export interface KvDelete extends WriteOptions {
  readonly ifRevision?: number | undefined
}

/** The users' keys: reads from the view, each write one commit. See `Kv` for the contract. */
export class KvStore implements Kv {
  readonly #core: CatalogCore
  readonly #idempotent: IdempotentWrites

  constructor(core: CatalogCore, idempotent: IdempotentWrites) {
    this.#core = core
    this.#idempotent = idempotent
  }

  get(key: string): KeyValue | undefined {
    const held = this.#core.tables.kv.get(kvKey(key))
    return held && presentHeld(held)
  }

  peek(key: string): HeldValue | undefined {
    return this.#core.tables.kv.get(kvKey(key))
  }

  list(query: {
    readonly prefix: string
    readonly after?: string | undefined
    readonly limit: number
  }): KvPage {
    const stored = kvKey(query.prefix)
    const after = query.after === undefined ? undefined : kvKey(query.after)
    const from = after === undefined || compareKeys(after, stored) < 0 ? stored : after
    const entries: KeyValue[] = []
    for (const held of this.#core.tables.kv.from(from)) {
      if (held.key === after) continue
      if (!held.key.startsWith(stored)) break
      if (entries.length === query.limit) return { entries, more: true }
      entries.push(presentHeld(held))
    }
    return { entries, more: false }
  }

  async put(key: string, value: Uint8Array, options: KvPut = {}): Promise<KvPutAnswer> {
    checkKey(key)
    checkValue(value)
    const { ifRevision, lease, idempotency } = options
    if (ifRevision !== undefined) checkRevision('ifRevision', ifRevision)
    const stored = kvKey(key)
    const commit = putCommit(stored, value, options)
    const tell = (result: CommitResult) => this.#putAnswer(key, result, ifRevision)
    if (lease === undefined) return this.#idempotent.commitOnce(idempotency, commit, tell)
    return this.#idempotent.once(idempotency, async (marks) => {
      const used = await useLeases(this.#core, [lease])
      const then = [...commit.then, ...used, ...marks]
      return tell(await this.#core.commit({ ...commit, then }))
    })
  }

  async delete(key: string, options: KvDelete = {}): Promise<Written> {
    checkKey(key)
    const { ifRevision, idempotency } = options
    if (ifRevision !== undefined) checkRevision('ifRevision', ifRevision)
    const stored = kvKey(key)
    const commit: Commit = {
      compares: [{ kind: 'exists', key: stored, exists: true }, ...compareOf(stored, ifRevision)],
      then: [{ kind: 'delete', key: stored }],
      otherwise: [{ kind: 'get', key: stored }],
    }
    return this.#idempotent.commitOnce(idempotency, commit, async (result) => {
      const { revision, succeeded, results } = result
      if (!succeeded) {
        const entry = entryOf(results[0])
        throw entry ? conflict(key, ifRevision, entry) : keyNotFound(key)
      }
      return { revision, isBehind: await this.#core.isBehind(revision) }
    })
  }

  async deletePrefix(
    prefix: string,
    { idempotency }: WriteOptions = {},
  ): Promise<Written & { readonly deleted: number }> {
    checkDeletePrefix(prefix)
    const commit: Commit = {
      compares: [],
      then: [{ kind: 'delete_prefix', prefix: kvKey(prefix) }],
    }
    return this.#idempotent.commitOnce(idempotency, commit, async ({ revision, results }) => {
      const [result] = results
      const deleted = result?.kind === 'deleted' ? result.count : 0
      return { revision, isBehind: await this.#core.isBehind(revision), deleted }
    })
  }

  subscribe(prefix: string, listener: KvListener): () => void {
    return this.#core.view.feed.subscribe(prefix, listener)
  }

  changesSince(prefix: string, revision: number): readonly KvChanges[] | undefined {
    return this.#core.view.feed.since(prefix, revision)
  }

  onRestart(listener: (reason: RestartReason) => void): () => void {
    return this.#core.view.feed.onRestart(listener)
  }

  async #putAnswer(
    key: string,
    { revision, succeeded, results }: CommitResult,
    ifRevision: number | undefined,
  ): Promise<KvPutAnswer> {
    const entry = entryOf(succeeded ? results[1] : results[0])
    if (!succeeded) throw conflict(key, ifRevision, entry)
    const createRevision = entry?.createRevision ?? revision
    const created = createRevision === revision
    const isBehind = await this.#core.isBehind(revision)
    return { key, modRevision: revision, createRevision, created, revision, isBehind }
  }
}

function putCommit(stored: string, value: Uint8Array, { ifRevision, lease }: KvPut): Commit {
  const put: Operation = { kind: 'put', key: stored, value }
  // What is got right after tells whether the key had a life before, whoever else writes.
  const got: Operation = { kind: 'get', key: stored }
  return {
    compares: compareOf(stored, ifRevision),
    then: [lease === undefined ? put : { ...put, lease }, got],
    ...(ifRevision === undefined ? {} : { otherwise: [got] }),
  }
}

function compareOf(stored: string, ifRevision: number | undefined): Compare[] {
  if (ifRevision === undefined) return []
  return [{ kind: 'revision', key: stored, of: 'mod', is: '=', revision: ifRevision }]
}

function entryOf(result: OperationResult | undefined): KeyValue | undefined {
  return result?.kind === 'got' ? result.entry : undefined
}

function conflict(key: string, ifRevision = 0, entry?: KeyValue): RegistryError {
  return revisionConflict({ key, expected: ifRevision, actual: entry?.modRevision ?? 0 })
}
