/**
 * Clients that put, compare and set, delete and read the same few keys, on whichever node.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { pathOf, type Outcome } from '../../support/catalog-client.ts'
import type { RegisterOperation, Value } from '../model/register.ts'
import { timed, type Times } from './recorder.ts'
import {
  anyOf,
  lastLook,
  LINEARIZABLE,
  pause,
  revisionOf,
  served,
  type Loaded,
  type Traffic,
} from './traffic.ts'

const CLIENTS = 8
const KEYS = 4
/** Then another key takes its place: those with many lost writes are hard to judge. */
const CALLS_PER_KEY = 150
/** After an answer that is lost, so that few of them are of one key. */
const LOST_PAUSE_MS = 200
const READ_RATIO = 0.4
const PUT_RATIO = 0.25
const SWAP_RATIO = 0.3
const never = new AbortController().signal

interface Key {
  readonly name: string
  calls: number
  /** What somebody has seen of it; the newest of that. */
  seen: { readonly value: Value; readonly revision: number }
}

export class Registers implements Traffic {
  readonly #loaded: Loaded
  readonly #keys: Key[]
  readonly #named: Key[] = []
  #written = 0

  constructor(loaded: Loaded) {
    this.#loaded = loaded
    this.#keys = Array.from({ length: KEYS }, () => this.#newKey())
  }

  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#loaded
    const clients = Array.from({ length: CLIENTS }, async (_, at) => {
      while (await pause(this.#loaded, signal)) {
        const slot = Math.floor(random() * KEYS)
        const key = this.#keys[slot]
        if (!key) continue
        await this.#once(key, `registers ${at}`)
        key.calls += 1
        if (key.calls >= CALLS_PER_KEY && this.#keys[slot] === key)
          this.#keys[slot] = this.#newKey()
      }
    })
    await Promise.all(clients)
  }

  async close(): Promise<void> {
    for (const key of this.#named) await lastLook(() => this.#read(key, 'the last'))
  }

  async #once(key: Key, client: string): Promise<void> {
    const dice = this.#loaded.random()
    if (dice < READ_RATIO) await this.#read(key, client)
    else if (dice < READ_RATIO + PUT_RATIO) await this.#put(key, client)
    else if (dice < READ_RATIO + PUT_RATIO + SWAP_RATIO) await this.#swap(key, client)
    else await this.#delete(key, client)
  }

  /** Undefined where it was not served. */
  async #read(key: Key, client: string): Promise<true | undefined> {
    const { recorder } = this.#loaded
    const path = `${pathOf(key.name)}?${LINEARIZABLE}`
    const { answer, ...times } = await timed(() => served(anyOf(this.#loaded).ask(path), recorder))
    if (!answer) return undefined
    recorder.read(revisionOf(answer), times)
    const found = answer.status === 404 ? null : answer.bytes.toString()
    recorder.register(key.name, { client, operation: { kind: 'get', found }, ...times })
    const revision = Number(String(answer.headers['etag'] ?? '0').replaceAll('"', ''))
    see(key, found, found === null ? 0 : revision)
    return true
  }

  async #put(key: Key, client: string): Promise<void> {
    const value = this.#newValue()
    const { answer, ...times } = await timed(() => anyOf(this.#loaded).put(key.name, value))
    await this.#record(key, {
      client,
      operation: { kind: 'put', value },
      step: value,
      outcome: answer,
      times,
    })
  }

  async #swap(key: Key, client: string): Promise<void> {
    const value = this.#newValue()
    const { value: expected, revision: ifRevision } = key.seen
    const { answer, ...times } = await timed(() =>
      anyOf(this.#loaded).put(key.name, value, { ifRevision }),
    )
    const matched = !isRefused(answer, 'revision_conflict')
    const operation = { kind: 'swap', expected, value, matched } as const
    await this.#record(key, { client, operation, step: value, outcome: answer, times })
  }

  async #delete(key: Key, client: string): Promise<void> {
    const { answer, ...times } = await timed(() => anyOf(this.#loaded).delete(key.name))
    const found = !isRefused(answer, 'key_not_found')
    const operation = { kind: 'delete', found } as const
    await this.#record(key, { client, operation, step: null, outcome: answer, times })
  }

  async #record(key: Key, call: Recorded): Promise<void> {
    const { recorder } = this.#loaded
    const { client, operation, step, outcome, times } = call
    recorder.write(new Map([[key.name, step]]), outcome, times)
    if (outcome.kind === 'doubt') {
      recorder.register(key.name, { client, operation, ...times, returnedMs: Infinity })
      await systemClock.sleep(LOST_PAUSE_MS, never)
      return
    }
    const isAnswer =
      outcome.kind === 'done' ||
      isRefused(outcome, 'revision_conflict') ||
      isRefused(outcome, 'key_not_found')
    if (isAnswer) recorder.register(key.name, { client, operation, ...times })
    else recorder.refusal(operation.kind, outcome)
    if (outcome.kind === 'done') see(key, step, step === null ? 0 : outcome.revision)
  }

  #newKey(): Key {
    const name = `r/${this.#named.length + 1}`
    const key = { name, calls: 0, seen: { value: null, revision: 0 } }
    this.#named.push(key)
    return key
  }

  #newValue(): string {
    this.#written += 1
    return `v${this.#written}`
  }
}

interface Recorded {
  readonly client: string
  readonly operation: RegisterOperation
  /** What the key holds when it was done. */
  readonly step: Value
  readonly outcome: Outcome<unknown>
  readonly times: Times
}

/** What is seen last need not be the newest; a compare-and-set with it then conflicts, as it has to. */
function see(key: Key, value: Value, revision: number): void {
  key.seen = { value, revision }
}

function isRefused(outcome: Outcome<unknown>, code: string): boolean {
  return outcome.kind === 'refused' && outcome.problem.code === code
}
