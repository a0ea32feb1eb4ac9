/**
 * A snapshot of the engine in memory: a copy that shares what neither side has changed since.
 *
 * @module
 */

import { snapshotPages } from '../../catalog/engine/page.ts'
import type { KeyValue, Lease, Snapshot } from '../../catalog/engine.ts'

export interface MemorySnapshotOptions {
  readonly revision: number
  readonly generation: number
  readonly leases: readonly Lease[]
  readonly entries: () => Iterable<KeyValue>
}

export class MemorySnapshot implements Snapshot {
  readonly revision: number
  readonly generation: number
  readonly leases: readonly Lease[]
  readonly #options: MemorySnapshotOptions

  constructor(options: MemorySnapshotOptions) {
    this.#options = options
    this.revision = options.revision
    this.generation = options.generation
    this.leases = options.leases
  }

  async *pages(): AsyncIterable<readonly KeyValue[]> {
    for (const page of snapshotPages(this.#options.entries())) yield await Promise.resolve(page)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
