/**
 * Clients that append to several lists in one transaction, and read several at once.
 *
 * @module
 */

import type { TxnAnswer, TxnBody, TxnOperation } from '@rollcall/protocol'
import { sample } from '@rollcall/runtime'
import { base64, textOf } from '../../support/catalog-client.ts'
import { timed } from './recorder.ts'
import { anyOf, lastLook, pause, type Loaded, type Traffic } from './traffic.ts'

const CLIENTS = 5
const LISTS = ['x', 'y', 'z'] as const
const APPENDS_PER_GROUP = 120
const READ_ONLY_RATIO = 0.3

/** What a list held, and of which revision that is. */
interface Held {
  readonly elements: readonly string[]
  readonly revision: number
}

export class Lists implements Traffic {
  readonly #loaded: Loaded
  #group = 1
  #appended = 0
  #named = 0

  constructor(loaded: Loaded) {
    this.#loaded = loaded
  }

  async run(signal: AbortSignal): Promise<void> {
    const clients = Array.from({ length: CLIENTS }, async (_, at) => {
      while (await pause(this.#loaded, signal)) await this.#once(`lists ${at}`)
    })
    await Promise.all(clients)
  }

  async close(): Promise<void> {
    for (let group = 1; group <= this.#group; group += 1) {
      await lastLook(() => this.#read(group, 'the last'))
    }
  }

  async #once(client: string): Promise<void> {
    const { random } = this.#loaded
    const group = this.#group
    const held = await this.#read(group, client)
    if (!held || random() < READ_ONLY_RATIO) return
    const chosen = sample(LISTS, 1 + Math.floor(random() * LISTS.length), random)
    await this.#append(group, client, new Map(chosen.map((list) => [list, held.get(list)])))
  }

  /** Undefined where it was not served. */
  async #read(group: number, client: string): Promise<ReadonlyMap<string, Held> | undefined> {
    const { recorder } = this.#loaded
    const { answer, ...times } = await timed(() =>
      anyOf(this.#loaded).txn({ then: readsOf(group) }),
    )
    if (answer.kind !== 'done') {
      recorder.refusal('a transaction of reads', answer)
      return undefined
    }
    recorder.read(answer.revision, times)
    const held = heldIn(answer.answer)
    const found = new Map([...held].map(([list, { elements }]) => [list, elements]))
    recorder.list(String(group), { client, operation: { kind: 'read', found }, ...times })
    return held
  }

  async #append(group: number, client: string, lists: ReadonlyMap<string, Held | undefined>) {
    const { recorder } = this.#loaded
    this.#named += 1
    const element = `e${this.#named}`
    const step = new Map(
      [...lists].map(([list, held]) => [
        keyOf(group, list),
        [...(held?.elements ?? []), element].join(' '),
      ]),
    )
    const body: TxnBody = {
      compares: [...lists].map(([list, held]) => ({
        key: keyOf(group, list),
        modRevision: held?.revision ?? 0,
      })),
      then: [...step].map(([key, text]) => ({ put: { key, valueBase64: base64(text) } })),
    }
    const { answer, ...times } = await timed(() => anyOf(this.#loaded).txn(body))
    recorder.refusal('an append', answer)
    // Somebody was faster: it was not done.
    if (answer.kind === 'refused' || (answer.kind === 'done' && !answer.answer.succeeded)) return
    recorder.write(step, answer, times)
    const operation = { kind: 'append', element, lists: [...lists.keys()] } as const
    const returnedMs = answer.kind === 'done' ? times.returnedMs : Infinity
    recorder.list(String(group), { client, operation, ...times, returnedMs })
    this.#appended += 1
    if (this.#appended % APPENDS_PER_GROUP === 0) this.#group += 1
  }
}

function readsOf(group: number): TxnOperation[] {
  return LISTS.map((list) => ({ get: { key: keyOf(group, list) } }))
}

function heldIn({ results }: TxnAnswer): ReadonlyMap<string, Held> {
  return new Map(
    LISTS.map((list, at) => {
      const result = results[at]
      const got = result && 'get' in result ? result.get : null
      const text = got ? textOf(got.valueBase64) : ''
      return [
        list,
        { elements: text === '' ? [] : text.split(' '), revision: got?.modRevision ?? 0 },
      ]
    }),
  )
}

function keyOf(group: number, list: string): string {
  return `a/${group}/${list}`
}
