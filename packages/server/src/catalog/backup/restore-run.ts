/**
 * One restore, from the bytes that arrive to the content that counts. The file is checked whole
 * while it is put on the disk, and again while it is read from there: nothing is written to the
 * engine before the first is over, and nothing counts before the second is.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import type { RestoreState } from '../catalog.ts'
import type { Engine, Replaced, Restorable } from '../engine.ts'
import { Slices } from '../engine/slices.ts'
import { BackupReader, type BackupSummary } from './backup-reader.ts'
import type { BackupEntry } from './parse-line.ts'
import { Spool } from './spool.ts'

/** Of entries that are handed to the engine. */
const PAGE = { entries: 1_000, bytes: 512 * 1_024 }

/** How far it is. */
export interface Step {
  readonly state: Exclude<RestoreState, 'idle'>
  readonly progress: number | undefined
}

export interface RestoreRunOptions {
  readonly engine: Pick<Engine, 'checkRoom' | 'restore'>
  readonly clock: Clock
  readonly folder: string
  readonly isDryRun: boolean
  /** How many bytes will come, where that is known. */
  readonly bytes: number | undefined
  /** Calls it off until the new content counts. */
  readonly signal: AbortSignal
  readonly onStep: (step: Step) => void
}

export interface RestoreRunAnswer {
  readonly count: number
  /** Undefined for a dry run. */
  readonly replaced: Replaced | undefined
}

export async function runRestore(
  upload: AsyncIterable<Uint8Array>,
  options: RestoreRunOptions,
): Promise<RestoreRunAnswer> {
  const { engine, folder, isDryRun, signal, onStep } = options
  await using spool = await Spool.open(folder)
  const summary = await receive(upload, spool, options)
  const count = summary.size.entries
  await engine.checkRoom(summary.size)
  if (isDryRun) return { count, replaced: undefined }
  onStep({ state: 'writing', progress: 0 })
  const replaced = await engine.restore(sourceOf(spool, summary, options), signal)
  return { count, replaced }
}

/** Puts all of it on the disk and checks it. */
async function receive(
  upload: AsyncIterable<Uint8Array>,
  spool: Spool,
  { bytes, clock, signal, onStep }: RestoreRunOptions,
): Promise<BackupSummary> {
  const reader = new BackupReader()
  const slices = new Slices(clock)
  for await (const chunk of untilStopped(upload, signal)) {
    for (const _ of reader.take(chunk)) if (slices.isOver()) await slices.pause()
    await spool.append(chunk)
    const progress = bytes === undefined ? undefined : share(spool.bytes, bytes)
    onStep({ state: 'verifying', progress })
  }
  return reader.finish()
}

/** Goes on until there is no more, and does not wait for who sends nothing when it is called off. */
async function* untilStopped(
  upload: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = upload[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await unlessStopped(chunks.next(), signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    // Whoever sends still may never answer to this.
    void chunks.return?.()
  }
}

/** A race with one promise that outlives all others would hold on to whatever won against it. */
function unlessStopped<T>(next: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(calledOff())
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    next.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', stop)
    })
  })
}

function sourceOf(
  spool: Spool,
  { header, leases }: BackupSummary,
  { clock, onStep }: RestoreRunOptions,
): Restorable {
  return {
    revision: header.revision,
    leases,
    async *pages() {
      const reader = new BackupReader()
      const slices = new Slices(clock)
      let readBytes = 0
      let page = new Page()
      for await (const chunk of spool.read()) {
        for (const entry of reader.take(chunk)) {
          page.add(entry)
          if (slices.isOver()) await slices.pause()
          if (!page.isFull) continue
          yield page.entries
          page = new Page()
        }
        readBytes += chunk.length
        onStep({ state: 'writing', progress: share(readBytes, spool.bytes) })
      }
      // A disk that gives back other bytes than it took ends the restore here.
      reader.finish()
      yield page.entries
      onStep({ state: 'flipping', progress: undefined })
    },
  }
}

class Page {
  readonly entries: BackupEntry[] = []
  #bytes = 0

  get isFull(): boolean {
    return this.entries.length >= PAGE.entries || this.#bytes >= PAGE.bytes
  }

  add(entry: BackupEntry): void {
    this.entries.push(entry)
    this.#bytes += entry.key.length + entry.value.length
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : Math.min(1, part / whole)
}

function calledOff(): RegistryError {
  const message = 'The restore was called off before all of the backup was there; nothing changed.'
  return new RegistryError('unavailable', message, { details: { reason: 'called_off' } })
}
