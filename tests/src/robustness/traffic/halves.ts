/**
 * Clients that add elements to both halves of a set, each in one transaction, and list it.
 *
 * @module
 */

import type { KvList } from '@rollcall/protocol'
import { base64, jsonOf } from '../../support/catalog-client.ts'
import { timed } from './recorder.ts'
import {
  anyOf,
  lastLook,
  LINEARIZABLE,
  pause,
  served,
  type Loaded,
  type Traffic,
} from './traffic.ts'

const HALVES = ['left', 'right'] as const
const CLIENTS = 3
const READ_RATIO = 0.4
/** Both halves fit on one page, which is of one revision. */
const ELEMENTS_PER_SET = 200
const PAGE = 1_000
const NONE: ReadonlySet<string> = new Set()

export class Halves implements Traffic {
  readonly #loaded: Loaded
  #named = 0

  constructor(loaded: Loaded) {
    this.#loaded = loaded
  }

  async run(signal: AbortSignal): Promise<void> {
    const clients = Array.from({ length: CLIENTS }, async (_, at) => {
      while (await pause(this.#loaded, signal)) await this.#once(`halves ${at}`)
    })
    await Promise.all(clients)
  }

  async close(): Promise<void> {
    for (let set = 0; set <= setOf(this.#named); set += 1) {
      await lastLook(() => this.#read(set, 'the last'))
    }
  }

  #once(client: string): Promise<unknown> {
    const isRead = this.#loaded.random() < READ_RATIO
    return isRead ? this.#read(setOf(this.#named), client) : this.#add(client)
  }

  async #add(client: string): Promise<void> {
    const { recorder } = this.#loaded
    this.#named += 1
    const set = setOf(this.#named)
    const element = `e${this.#named}`
    const step = new Map(HALVES.map((half) => [`s/${set}/${half}/${element}`, element]))
    const then = [...step.keys()].map((key) => ({ put: { key, valueBase64: base64(element) } }))
    const { answer, ...times } = await timed(() => anyOf(this.#loaded).txn({ then }))
    recorder.write(step, answer, times)
    recorder.refusal('an add', answer)
    if (answer.kind === 'refused') return
    const returnedMs = answer.kind === 'done' ? times.returnedMs : Infinity
    const operation = { kind: 'add', element } as const
    recorder.half(String(set), { client, operation, ...times, returnedMs })
  }

  /** Undefined where it was not served. */
  async #read(set: number, client: string): Promise<true | undefined> {
    const { recorder } = this.#loaded
    const path = `/kv?prefix=s/${set}/&keysOnly=1&limit=${PAGE}&${LINEARIZABLE}`
    const { answer, ...times } = await timed(() => served(anyOf(this.#loaded).ask(path), recorder))
    if (!answer) return undefined
    const { entries, revision, next } = jsonOf(answer) as KvList
    if (next !== null) throw new Error('a set fits on one page')
    recorder.read(revision, times)
    const [left, right] = HALVES.map((half) => {
      const prefix = `s/${set}/${half}/`
      const keys = entries.map(({ key }) => key).filter((key) => key.startsWith(prefix))
      return new Set(keys.map((key) => key.slice(prefix.length)))
    })
    const operation = { kind: 'read', left: left ?? NONE, right: right ?? NONE } as const
    recorder.half(String(set), { client, operation, ...times })
    return true
  }
}

function setOf(named: number): number {
  return Math.floor(named / ELEMENTS_PER_SET)
}
