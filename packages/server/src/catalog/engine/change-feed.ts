/**
 * What watchers are fed from. The newest revisions are kept in memory, once for all of them; a
 * watcher is nothing but the revision that it wants next, so a slow one costs no memory. What is
 * older comes from the engine's log, if it has one.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { Batch, Change } from '../engine.ts'

/** Roughly what a change weighs beside its key and value. */
const BYTES_EACH = 100
/** Most revisions and changes that a watcher is handed at once. */
const HANDED_REVISIONS = 1_000
const HANDED_CHANGES = 2_000

export interface FeedOptions {
  /** The revision that is: nothing up to it is in memory. */
  readonly revision: number
  /** Kept in memory. One revision is kept whatever its size. */
  readonly keepBytes: number
  readonly keepRevisions: number
  /**
   * Reads some of the batches from a revision on, up to `before`, from the log. Answers undefined
   * when not all of them are there any more. Absent: memory is all there is.
   */
  readonly readLog?: (from: number, before: number) => Promise<readonly Batch[] | undefined>
}

interface Kept {
  readonly batch: Batch
  readonly bytes: number
}

export class ChangeFeed {
  readonly #options: FeedOptions
  #kept: Kept[] = []
  /** Where the oldest stands; what is before it was let go. */
  #start = 0
  #bytes = 0
  /** Everything after it is in memory. */
  #forgotten: number
  #revision: number
  #generation = 0
  #cutOff: RegistryError | undefined
  readonly #waiting = new Set<() => void>()

  constructor(options: FeedOptions) {
    this.#options = options
    this.#forgotten = options.revision
    this.#revision = options.revision
  }

  /** Tells all watchers of new revisions, greater than any before. */
  publish(batches: readonly Batch[]): void {
    for (const batch of batches) {
      const bytes = batch.changes.reduce((sum, change) => sum + bytesOf(change), 0)
      this.#kept.push({ batch, bytes })
      this.#bytes += bytes
      this.#revision = batch.revision
    }
    this.#forget()
    this.#wake()
  }

  /** Ends all watches: the content was replaced, and is now at `revision`. */
  restart(revision: number): void {
    this.#kept = []
    this.#start = 0
    this.#bytes = 0
    this.#forgotten = revision
    this.#revision = revision
    this.#generation += 1
    this.#wake()
  }

  /** Ends all watches with an error, and refuses new ones until it is called with undefined. */
  cutOff(error: RegistryError | undefined): void {
    this.#cutOff = error
    this.#wake()
  }

  watch(fromRevision: number, signal: AbortSignal): AsyncIterable<readonly Batch[]> {
    const generation = this.#generation
    return this.#follow({ next: fromRevision, generation, signal })
  }

  async *#follow({ next, generation, signal }: Follower): AsyncGenerator<readonly Batch[]> {
    let wanted = next
    while (!signal.aborted) {
      if (this.#cutOff) throw this.#cutOff
      if (generation !== this.#generation) throw generationChanged()
      if (wanted > this.#revision) {
        await this.#changed(signal)
        continue
      }
      const part = wanted > this.#forgotten ? this.#fromMemory(wanted) : await this.#fromLog(wanted)
      if (generation !== this.#generation) continue
      if (!part) throw compacted(wanted)
      if (part.batches.length > 0) yield part.batches
      wanted = part.next
    }
  }

  /** Memory goes on where the log is read up to, so nothing falls between. */
  async #fromLog(from: number): Promise<Part | undefined> {
    const before = this.#forgotten + 1
    const batches = await this.#options.readLog?.(from, before)
    return batches && { batches, next: (batches.at(-1)?.revision ?? before - 1) + 1 }
  }

  #fromMemory(from: number): Part {
    const batches: Batch[] = []
    let changes = 0
    for (let at = this.#firstFrom(from); at < this.#kept.length; at += 1) {
      const batch = this.#kept[at]?.batch
      if (!batch) break
      batches.push(batch)
      changes += batch.changes.length
      if (batches.length >= HANDED_REVISIONS || changes >= HANDED_CHANGES) break
    }
    return { batches, next: (batches.at(-1)?.revision ?? this.#revision) + 1 }
  }

  #firstFrom(revision: number): number {
    let low = this.#start
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#kept[middle]?.batch.revision ?? revision) < revision) low = middle + 1
      else high = middle
    }
    return low
  }

  #forget(): void {
    const { keepBytes, keepRevisions } = this.#options
    for (;;) {
      const count = this.#kept.length - this.#start
      const oldest = this.#kept[this.#start]
      if (!oldest || count <= 1 || (this.#bytes <= keepBytes && count <= keepRevisions)) break
      this.#forgotten = oldest.batch.revision
      this.#bytes -= oldest.bytes
      this.#start += 1
    }
    // The front is cut off once it is half of all, so that each entry is moved once.
    if (this.#start > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#start)
      this.#start = 0
    }
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  #wake(): void {
    for (const done of this.#waiting) done()
  }
}

interface Part {
  readonly batches: readonly Batch[]
  /** What the watcher wants after them. */
  readonly next: number
}

interface Follower {
  readonly next: number
  readonly generation: number
  readonly signal: AbortSignal
}

function bytesOf(change: Change): number {
  if (change.kind === 'delete') return BYTES_EACH + change.key.length
  return BYTES_EACH + change.entry.key.length + change.entry.value.byteLength
}

function compacted(revision: number): RegistryError {
  const message = `The changes from revision ${revision} on are not kept any more; read anew and watch from there.`
  return new RegistryError('compacted', message, { details: { revision } })
}

function generationChanged(): RegistryError {
  const message = 'The content of the catalog was replaced; read anew and watch from there.'
  return new RegistryError('generation_changed', message)
}
