/**
 * Keeps the instances over a restart of the whole cluster: writes the table to disk when
 * something changed, and loads it into an empty plane, unless other nodes know better.
 *
 * @module
 */

import { start, type Actor, type Clock, type Logger, type Random } from '@rollcall/runtime'
import type { LoadTally, StoredInstance } from '../load.ts'
import type { InstancePlane } from '../plane.ts'
import { isSystemError, warmStartFiles, type WarmStartFiles } from './files.ts'
import { readWarmStart } from './read-warm-start.ts'
import type { Written } from './table-lines.ts'
import { writeTable } from './writer.ts'

export interface WarmStartOptions {
  /** The data folder; must exist. */
  readonly folder: string
  readonly plane: InstancePlane
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Is told of every write that ended; `bytes` is 0 for one that failed. */
  readonly onWrite: (outcome: 'written' | 'failed', bytes: number) => void
  /** Longest that the last write, at the stop, may take; without it the old file stays. */
  readonly stopWithinMs?: number
}

/** From the end of one write to the start of the next, at least. */
const EVERY_MS = 30_000
/** The first comes sooner by up to this share: nodes that start together must not go on writing together. */
const FIRST_SOONER = 0.5
/** A tenth of the loop's time is ours: nine parts of rest for one of work. */
const REST_FACTOR = 9
const NO_REST = 0
const STOP_WITHIN_MS = 8_000
/** Takes a few milliseconds to load. */
const LOADED_AT_ONCE = 1_000

export class WarmStart implements Actor {
  readonly #options: WarmStartOptions
  readonly #files: WarmStartFiles
  /** The plane's count of writes at the start of the last write to disk. */
  #kept = 0
  /** A table that is only half loaded must not take the place of the file that it comes from. */
  #halfLoaded = false
  #read: readonly StoredInstance[] | undefined

  constructor(options: WarmStartOptions) {
    this.#options = options
    this.#files = warmStartFiles(options.folder)
  }

  /**
   * Reads what was on disk, as the first thing that is done to the plane: whatever it makes
   * from then on is later than all that the node made before. Stops early when `signal` aborts.
   * Rejects only when the folder cannot be worked with.
   */
  async read(signal: AbortSignal): Promise<void> {
    const { folder, plane, clock, log } = this.#options
    this.#halfLoaded = true
    // Time goes on meanwhile; a plane that nobody asks for it takes that for a stall of its own.
    await using _ = start(plane)
    const stored = await readWarmStart({ folder, node: plane.place.node, clock, log }, signal)
    if (stored) plane.core.startAfter(stored.clock)
    this.#read = stored?.instances
  }

  /** Fills the plane with what was read. Stops early when `signal` aborts. */
  async fill(signal: AbortSignal): Promise<LoadTally> {
    const { plane, log } = this.#options
    const instances = this.#read
    this.#read = undefined
    await using _ = start(plane)
    const tally = await this.#fill(instances ?? [], signal)
    if (signal.aborted) return tally
    this.#halfLoaded = false
    this.#kept = plane.core.writes
    const { refused, leftOut } = tally
    if (instances) log.info({ ...tally }, 'loaded instances from disk')
    if (refused > 0) log.warn({ refused }, 'refused instances stamped more than a day ahead')
    if (leftOut > 0) log.warn({ leftOut }, 'left instances out: there are more than instancesMax')
    return tally
  }

  /** Forgets what was read: other nodes have told what there is. */
  discard(): void {
    this.#read = undefined
    this.#halfLoaded = false
  }

  /** Reads and fills. */
  async load(signal: AbortSignal): Promise<LoadTally> {
    await this.read(signal)
    return this.fill(signal)
  }

  async #fill(instances: readonly StoredInstance[], signal: AbortSignal): Promise<LoadTally> {
    const { plane, clock } = this.#options
    const tally = { loaded: 0, refused: 0, leftOut: 0 }
    for (let at = 0; at < instances.length; at += LOADED_AT_ONCE) {
      const { loaded, refused, leftOut } = plane.load(instances.slice(at, at + LOADED_AT_ONCE))
      tally.loaded += loaded
      tally.refused += refused
      tally.leftOut += leftOut
      if (!(await clock.sleep(0, signal))) break
    }
    return tally
  }

  /** Writes when something changed, and a last time when `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options
    let waitMs = EVERY_MS * (1 - FIRST_SOONER * random())
    while (await clock.sleep(waitMs, signal)) {
      await this.#write(REST_FACTOR, signal)
      waitMs = EVERY_MS
    }
    await this.#writeLast()
  }

  async #writeLast(): Promise<void> {
    const { clock, stopWithinMs = STOP_WITHIN_MS } = this.#options
    const late = new AbortController()
    const cancel = clock.after(stopWithinMs, () => {
      late.abort()
    })
    try {
      const ended = await this.#write(NO_REST, late.signal)
      if (!ended) this.#fail(`it took longer than ${stopWithinMs} ms`)
    } finally {
      cancel()
    }
  }

  /**
   * Writes if there is something new; answers false when `signal` made it stop early. A disk
   * that refuses is no reason to stop serving: it is tried again the next time.
   */
  async #write(restFactor: number, signal: AbortSignal): Promise<boolean> {
    const { plane, clock } = this.#options
    const { core } = plane
    const { writes } = core
    if (writes === this.#kept || this.#halfLoaded) return true
    const header = {
      node: plane.place.node,
      writtenAt: clock.wallMs(),
      clock: core.stamps.last,
    }
    const entries = core.table.entries()
    try {
      const job = { files: this.#files, header, entries, clock, restFactor }
      const written = await writeTable(job, signal)
      if (!written) return false
      this.#kept = writes
      this.#succeed(written)
    } catch (error) {
      if (!isSystemError(error)) throw error
      this.#fail(error.message)
    }
    return true
  }

  #succeed({ bytes, count, unsound }: Written): void {
    const { log, onWrite } = this.#options
    onWrite('written', bytes)
    log.debug({ count, bytes }, 'wrote the warm-start file')
    if (unsound > 0) {
      log.warn({ unsound }, 'left instances out of the warm-start file: not as they should be')
    }
  }

  #fail(reason: string): void {
    const { log, onWrite } = this.#options
    onWrite('failed', 0)
    log.warn({ reason }, 'could not write the warm-start file; the last one stays')
  }
}
