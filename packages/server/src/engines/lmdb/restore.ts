/**
 * Restoring writes the new content beside the old, as the next generation, in slices that let
 * commits through; then one write makes it the one that counts. Until then nothing that anybody
 * sees has changed, and whatever ends the work early leaves only what the sweeper takes away.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import { RestoreCheck } from '../../catalog/engine/restore-check.ts'
import type { ContentSize, Replaced, Restorable } from '../../catalog/engine.ts'
import type { Committer } from './committer.ts'
import { encodeEntry, entryKey, leasedKey, leaseKey, NOTHING, numberKey } from './records.ts'
import type { StoredState } from './state.ts'
import type { Store, StoreWrite } from './store.ts'

/** Most of one slice. */
const SLICE = { entries: 2_000, bytes: 512 * 1_024 }
/** What an entry takes beside its key and value: heads of the page and of the entry, its lease. */
const ENTRY_BYTES = 100
const PAGE_BYTES = 4_096
/** Pages are not filled to the last byte, and each write copies the way to them. */
const SLACK = 1.3
/** What the catalog goes on with meanwhile. */
const RESERVE_BYTES = 4 * 1_024 * 1_024

export interface RestoreOptions {
  readonly store: Store
  readonly committer: Committer
  readonly source: Restorable
  /** Of the new content: one that no key in the file has. */
  readonly generation: number
  readonly signal: AbortSignal
  /** Called when the new content counts, before anybody can write to it. */
  readonly onSwitched: (state: StoredState, check: RestoreCheck) => void
}

/** Resolves when the new content counts. Rejects, with nothing changed, with what the disk said or the source. */
export async function restoreInto(options: RestoreOptions): Promise<Replaced> {
  const { store, committer, source, generation, signal } = options
  const begunAt = committer.state.revision
  const check = new RestoreCheck(source)
  const slices = new Slices(committer)
  for (const { id, ttlMs } of check.leases) {
    const key = leaseKey(generation, id)
    await slices.add([{ table: store.leases, key, value: numberKey(ttlMs) }])
  }
  for await (const page of source.pages()) {
    for (const entry of page) {
      if (signal.aborted) throw calledOff()
      check.entry(entry)
      await slices.add(writesOf(store, generation, entry))
    }
  }
  await slices.flush()
  if (signal.aborted) throw calledOff()
  return await committer.alone(async () => {
    const lostRevisions = committer.state.revision - begunAt
    const { revision } = await switchTo(options, check)
    return { revision, generation, lostRevisions }
  })
}

async function switchTo(
  { store, committer, generation, onSwitched }: RestoreOptions,
  check: RestoreCheck,
): Promise<StoredState> {
  const revision = check.revisionAfter(committer.state.revision)
  const state = { ...committer.state, generation, base: revision, revision, compacted: revision }
  await committer.writeSurely([store.putState(state)], revision)
  committer.adopt(state)
  onSwitched(state, check)
  return state
}

function writesOf(
  { kv, leased }: Store,
  generation: number,
  {
    key,
    value,
    lease,
  }: { readonly key: string; readonly value: Uint8Array; readonly lease: number },
): StoreWrite[] {
  const head = { value, createRevision: 0, modRevision: 0, lease }
  const put = { table: kv, key: entryKey(generation, key), value: encodeEntry(head) }
  if (lease === 0) return [put]
  return [put, { table: leased, key: leasedKey(generation, lease, key), value: NOTHING }]
}

class Slices {
  readonly #committer: Committer
  #writes: StoreWrite[] = []
  #bytes = 0

  constructor(committer: Committer) {
    this.#committer = committer
  }

  async add(writes: readonly StoreWrite[]): Promise<void> {
    for (const write of writes) {
      this.#writes.push(write)
      this.#bytes += write.key.length + (write.value?.length ?? 0)
    }
    if (this.#writes.length >= SLICE.entries || this.#bytes >= SLICE.bytes) await this.flush()
  }

  async flush(): Promise<void> {
    const writes = this.#writes
    if (writes.length === 0) return
    this.#writes = []
    this.#bytes = 0
    await this.#committer.alone(() => this.#committer.write(writes))
  }
}

function calledOff(): RegistryError {
  const message = 'The restore was called off; nothing was changed.'
  return new RegistryError('unavailable', message, { details: { reason: 'called_off' } })
}

/** How much of the disk new content may take. What is free inside the file is not counted on. */
export function roomNeeded({ entries, bytes, large }: ContentSize): number {
  return Math.ceil(SLACK * (bytes + entries * ENTRY_BYTES)) + large * PAGE_BYTES + RESERVE_BYTES
}

export function noRoom(
  folder: string,
  { neededBytes, freeBytes }: { readonly neededBytes: number; readonly freeBytes: number },
): RegistryError {
  const message = `The new content needs ${neededBytes} bytes beside the old, and the disk of "${folder}" has ${freeBytes}; make room on it.`
  return new RegistryError('engine_full', message, { details: { neededBytes, freeBytes } })
}
