/**
 * The file that traffic plans come from. It is looked at every two seconds, since
 * notifications of the file system get lost on the very mounts that configuration comes by.
 *
 * @module
 */

import { readFile, stat } from 'node:fs/promises'
import type { Actor, Clock, Logger } from '@rollcall/runtime'
import { parsePlans, TrafficPlans, type TrafficPlan } from './traffic-plans.ts'

const LOOK_EVERY_MS = 2_000
const FILE_MAX_BYTES = 4 * 1_024 * 1_024
const NO_FILE = 'none'
const UNUSABLE = 'the file of traffic plans cannot be used; the plans stay as they are'

export interface TrafficPlanFileOptions {
  /** Need not be there; then there are no plans. */
  readonly path: string
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: Logger
}

export class TrafficPlanFile implements Actor {
  readonly plans = new TrafficPlans()
  readonly #options: TrafficPlanFileOptions
  /** What the file was like whose plans are in use. */
  #inUse = NO_FILE
  /** What was last said to be wrong with it. */
  #trouble: string | undefined

  constructor(options: TrafficPlanFileOptions) {
    this.#options = options
  }

  /** Follows the file until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    do await this.look()
    while (await this.#options.clock.sleep(LOOK_EVERY_MS, signal))
  }

  /**
   * Takes the plans over if the file is another than the one in use. One that cannot be read
   * or understood is told once, and the plans stay as they are.
   */
  async look(): Promise<void> {
    const plans = await this.#readPlans()
    if (!plans) return
    const { path, log } = this.#options
    log.info({ path, concerned: this.plans.replace(plans) }, 'traffic plans have changed')
  }

  /** Undefined where there is nothing new, or nothing of use. */
  async #readPlans(): Promise<readonly TrafficPlan[] | undefined> {
    const { path, log } = this.#options
    try {
      const found = await fingerprint(path)
      const isNew = found !== this.#inUse
      const plans = isNew && found !== NO_FILE ? parsePlans(await read(path)) : []
      this.#inUse = found
      this.#trouble = undefined
      return isNew ? plans : undefined
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (why !== this.#trouble) log.warn({ path, why }, UNUSABLE)
      this.#trouble = why
      return undefined
    }
  }
}

async function read(path: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  if (text.length <= FILE_MAX_BYTES) return text
  throw new Error(`it is larger than ${FILE_MAX_BYTES} bytes`)
}

/** Another text whenever the file is written or replaced. */
async function fingerprint(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs}`
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return NO_FILE
    throw error
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
