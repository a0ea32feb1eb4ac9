/**
 * A snapshot: a read transaction of LMDB, which sees one state whatever is written meanwhile.
 * While it is open no page that it may read is used again, so the file grows; dispose it.
 *
 * @module
 */

import { snapshotPages } from '../../catalog/engine/page.ts'
import { turn } from '../../catalog/engine/slices.ts'
import type { Clock } from '@rollcall/runtime'
import type { KeyValue, Lease, Snapshot } from '../../catalog/engine.ts'
import type { StoredContent } from './content.ts'
import type { ReadTransaction } from './store.ts'

const PAGE = 1_000

export interface LmdbSnapshotOptions {
  readonly revision: number
  readonly leases: readonly Lease[]
  readonly content: StoredContent
  readonly transaction: ReadTransaction
  readonly io: Clock
  readonly onDispose: () => void
}

export class LmdbSnapshot implements Snapshot {
  readonly revision: number
  readonly generation: number
  readonly leases: readonly Lease[]
  readonly #options: LmdbSnapshotOptions
  #isDisposed = false

  constructor(options: LmdbSnapshotOptions) {
    this.#options = options
    this.revision = options.revision
    this.generation = options.content.generation
    this.leases = options.leases
  }

  async *pages(): AsyncIterable<readonly KeyValue[]> {
    const { content, transaction, io } = this.#options
    let after: string | undefined
    for (;;) {
      if (this.#isDisposed) throw new Error('The snapshot was disposed of while it was read.')
      // Each page looks for its start anew: no cursor stays open from turn to turn.
      const [page] = snapshotPages(content.page(transaction, after, PAGE))
      if (!page) return
      after = page.at(-1)?.key
      yield page
      await turn(io)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#options.transaction.done()
    this.#options.onDispose()
    await Promise.resolve()
  }
}
