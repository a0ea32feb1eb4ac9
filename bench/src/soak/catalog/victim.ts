/**
 * The node that is killed again and again, and comes back with the same data at the same place.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { freePort } from '../../tools/free-port.ts'
import { spawnOurNode, startOurNode, type OurNode } from '../../tools/our-node.ts'
import { temporaryFolder, type TemporaryFolder } from '../../tools/temporary-folder.ts'
import type { Restart } from './part.ts'

const CORE = 0
const never = new AbortController().signal

export class Victim implements AsyncDisposable {
  readonly url: string
  readonly #http: string
  readonly #folder: TemporaryFolder
  #node: OurNode | undefined
  #diedAtMs = 0

  private constructor(http: string, folder: TemporaryFolder) {
    this.url = `http://${http}`
    this.#http = http
    this.#folder = folder
  }

  /** One that does not run yet. */
  static async create(): Promise<Victim> {
    return new Victim(`127.0.0.1:${await freePort()}`, await temporaryFolder())
  }

  get node(): OurNode {
    if (!this.#node) throw new Error('The node does not run.')
    return this.#node
  }

  /** Ends it without any farewell. */
  async kill(): Promise<void> {
    await this.#node?.[Symbol.asyncDispose]()
    this.#node = undefined
    this.#diedAtMs = systemClock.monotonicMs()
  }

  /** Starts it, and kills it after so long, whatever it does by then. */
  async startInVain(afterMs: number): Promise<void> {
    await using _child = spawnOurNode(this.#options)
    await systemClock.sleep(afterMs, never)
  }

  /** Starts it and waits until it is ready. */
  async start(): Promise<Restart> {
    const startedAtMs = systemClock.monotonicMs()
    this.#node = await startOurNode(this.#options)
    return { diedAtMs: this.#diedAtMs, startedAtMs, readyAtMs: systemClock.monotonicMs() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#folder[Symbol.asyncDispose]()
  }

  get #options() {
    return { core: CORE, http: this.#http, data: this.#folder.path }
  }
}
