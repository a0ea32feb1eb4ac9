/**
 * What a batch did whose answer was lost. The lane says that it was done, and at which revision;
 * etcd still has the content before it, by which its commits were judged. So they are judged
 * once more, here, by the rules that hold for every engine.
 *
 * @module
 */

import { decide, type Content, type KeyHead } from '../../catalog/engine/decide.ts'
import type { Commit, CommitResult, KeyValue } from '../../catalog/engine.ts'
import { leasesOf } from './commit-request.ts'
import type { EtcdClient } from './etcd-client.ts'
import { footprintOf } from './footprint.ts'
import { toEntry, toLogical, type Place } from './generation.ts'
import type { EtcdKeyValue, RangeRequest } from './messages.ts'
import { METHODS } from './methods.ts'

/** Ranges of one request. */
const TOGETHER = 100

/** Content as it was at one revision of etcd. */
export class PastContent implements Content {
  readonly revision: number
  readonly #entries = new Map<string, KeyValue>()
  readonly #below = new Map<string, readonly KeyHead[]>()
  readonly #leases = new Set<number>()

  private constructor(revision: number) {
    this.revision = revision
  }

  /**
   * Reads all that the commits look at, as of before the revision of etcd at which they were
   * done. Rejects with `compacted` when etcd no longer has that.
   */
  static async before(
    etcdRevision: number,
    commits: readonly Commit[],
    { client, place }: { readonly client: EtcdClient; readonly place: Place },
  ): Promise<PastContent> {
    const { keyspace, generation } = place
    const content = new PastContent(toLogical(generation, etcdRevision) - 1)
    const looks: Look[] = []
    for (const commit of commits) {
      const { reads, writes } = footprintOf(commit)
      for (const key of new Set([...reads.keys, ...writes.keys])) {
        const look = { key: keyspace.entry(generation.number, key) }
        looks.push([look, ([stored]) => content.#keep(place, key, stored)])
      }
      for (const prefix of new Set([...reads.prefixes, ...writes.prefixes])) {
        const look = { ...keyspace.below(generation.number, prefix), keys_only: true }
        looks.push([look, (stored) => content.#keepBelow(place, prefix, stored)])
      }
      for (const id of leasesOf([...commit.then, ...(commit.otherwise ?? [])])) {
        const look = { key: keyspace.lease(generation.number, id) }
        looks.push([look, ([stored]) => content.#keepLease(id, stored)])
      }
    }
    for (let from = 0; from < looks.length; from += TOGETHER) {
      await lookAt(client, looks.slice(from, from + TOGETHER), etcdRevision - 1)
    }
    return content
  }

  /** Throws as `decide` does. */
  judge(commit: Commit): CommitResult {
    const { succeeded, results } = decide(commit, this)
    return { revision: this.revision + 1, succeeded, results }
  }

  get(key: string): KeyValue | undefined {
    return this.#entries.get(key)
  }

  head(key: string): KeyHead | undefined {
    return this.#entries.get(key)
  }

  below(prefix: string): readonly KeyHead[] {
    return this.#below.get(prefix) ?? []
  }

  hasLease(id: number): boolean {
    return this.#leases.has(id)
  }

  /** It was looked at before the batch was sent. */
  leaseKeys(): number {
    return 0
  }

  #keep({ generation }: Place, key: string, stored: EtcdKeyValue | undefined): void {
    if (stored) this.#entries.set(key, toEntry(generation, key, stored))
  }

  #keepBelow({ keyspace, generation }: Place, prefix: string, stored: readonly EtcdKeyValue[]) {
    const heads = stored.map((one) =>
      toEntry(generation, keyspace.keyOf(generation.number, one.key) ?? '', one),
    )
    this.#below.set(prefix, heads)
  }

  #keepLease(id: number, stored: EtcdKeyValue | undefined): void {
    if (stored) this.#leases.add(id)
  }
}

type Look = readonly [RangeRequest, (stored: readonly EtcdKeyValue[]) => void]

async function lookAt(client: EtcdClient, looks: readonly Look[], revision: number): Promise<void> {
  const success = looks.map(([range]) => ({ request_range: { ...range, revision } }))
  const { responses } = await client.read(METHODS.txn, { compare: [], success })
  for (const [at, [, keep]] of looks.entries()) keep(responses[at]?.response_range?.kvs ?? [])
}
