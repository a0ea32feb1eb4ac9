import { RegistryError } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import type {
  BackupFile,
  Backups,
  RestoreAnswer,
  RestoreOptions,
  RestoreStatus,
} from '../catalog.ts'
import type { Replaced } from '../engine.ts'
import { BACKUPS_AT_ONCE, RESTORE_WAIT_MS } from '../limits.ts'
import { restoreInProgress, unavailable } from '../refusals.ts'
import { runRestore, type Step } from './restore-run.ts'
import { Spool } from './spool.ts'
import { writeBackup } from './write-backup.ts'

/** Everything into one file and back. See `Backups`. */
export class BackupStore implements Backups {
  readonly #core: CatalogCore
  readonly #stopping = new AbortController()
  #open = 0
  #step: Step | undefined
  #error: RestoreStatus['error']
  #running: Promise<unknown> = Promise.resolve()

  constructor(core: CatalogCore) {
    this.#core = core
  }

  async open(): Promise<BackupFile> {
    const { engine, clock } = this.#core.options
    if (this.#open >= BACKUPS_AT_ONCE) {
      throw unavailable(`${BACKUPS_AT_ONCE} backups are being read; wait until one is done.`)
    }
    this.#open += 1
    try {
      const snapshot = await engine.snapshot()
      const createdMs = clock.wallMs()
      const chunks = writeBackup(snapshot, { clock, createdMs })
      let isOpen = true
      return {
        revision: snapshot.revision,
        createdMs,
        chunks,
        [Symbol.asyncDispose]: async () => {
          if (!isOpen) return
          isOpen = false
          this.#open -= 1
          await snapshot[Symbol.asyncDispose]()
        },
      }
    } catch (error) {
      this.#open -= 1
      throw error
    }
  }

  async restore(
    upload: AsyncIterable<Uint8Array>,
    options: RestoreOptions = {},
  ): Promise<RestoreAnswer> {
    if (this.#step) throw restoreInProgress()
    if (!this.#core.view.isBuilt || this.#stopping.signal.aborted) {
      throw unavailable('The catalog is still being read, or stops; try again in a moment.')
    }
    this.#step = { state: 'verifying', progress: options.bytes === undefined ? undefined : 0 }
    this.#error = undefined
    const run = this.#restore(upload, options)
    this.#running = run.catch(() => {})
    try {
      return await run
    } catch (error) {
      this.#error = shownError(error)
      throw error
    } finally {
      this.#step = undefined
    }
  }

  status(): RestoreStatus {
    const { generation, isCleaning } = this.#core.options.engine.status()
    const idle = { state: isCleaning ? 'cleaning' : 'idle', progress: undefined } as const
    const { state, progress } = this.#step ?? idle
    return { state, generation, progress, error: this.#error }
  }

  /** Removes what a node that was killed has left. */
  async tidy(): Promise<void> {
    const { spoolFolder, log } = this.#core.options
    try {
      await Spool.remove(spoolFolder)
    } catch (error) {
      log.warn({ folder: spoolFolder, err: error }, 'an old upload could not be removed')
    }
  }

  /** Calls off what does not count yet, and resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #restore(
    upload: AsyncIterable<Uint8Array>,
    { isDryRun = false, bytes }: RestoreOptions,
  ): Promise<RestoreAnswer> {
    const { engine, clock, log, spoolFolder } = this.#core.options
    const startedMs = clock.monotonicMs()
    const tookMs = () => Math.round(clock.monotonicMs() - startedMs)
    const { count, replaced } = await runRestore(upload, {
      engine,
      clock,
      folder: spoolFolder,
      isDryRun,
      bytes,
      signal: this.#stopping.signal,
      onStep: (step) => {
        this.#step = step
      },
    })
    if (!replaced) return { ...this.#unchanged(), count, replacedWrites: 0, tookMs: tookMs() }
    const isBehind = await this.#shown(replaced)
    const { revision, generation, lostRevisions: replacedWrites } = replaced
    log.info({ revision, generation, keys: count, replacedWrites }, 'restored a backup')
    return { revision, generation, isBehind, count, replacedWrites, tookMs: tookMs() }
  }

  #unchanged() {
    const { view, options } = this.#core
    const { generation } = options.engine.status()
    return { revision: view.revision, generation, isBehind: false }
  }

  async #shown({ revision }: Replaced): Promise<boolean> {
    this.#core.learn(revision)
    this.#step = { state: 'cleaning', progress: undefined }
    return this.#core.isBehind(revision, RESTORE_WAIT_MS)
  }
}

function shownError(error: unknown): RestoreStatus['error'] {
  if (error instanceof RegistryError) return { code: error.code, detail: error.message }
  return { code: 'internal', detail: 'It failed; this is a bug, and the log says more.' }
}
