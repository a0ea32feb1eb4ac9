/**
 * Clients that take a lease, tie keys to it, keep it alive on whichever node for a while, and then
 * leave it to itself or revoke it.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { base64 } from '../../support/catalog-client.ts'
import type { Lease } from '../model/lease.ts'
import { timed } from './recorder.ts'
import { anyOf, LINEARIZABLE, pause, type Loaded, type Traffic } from './traffic.ts'

const CLIENTS = 5
const TTL_MS = 2_000
const KEYS = 2
const RENEWALS_MAX = 8
const REVOKED_RATIO = 0.2
/** A new leader gives each lease its full ttl again. */
const GONE_WITHIN_MS = 10 * TTL_MS

/** As long as it is held. */
type Held = { -readonly [Name in keyof Lease]: Lease[Name] } & { readonly id: number }

export class Leases implements Traffic {
  readonly #loaded: Loaded
  #named = 0

  constructor(loaded: Loaded) {
    this.#loaded = loaded
  }

  async run(signal: AbortSignal): Promise<void> {
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (await pause(this.#loaded, signal)) {
        const held = await this.#take()
        if (held) await this.#hold(held, signal)
      }
    })
    await Promise.all(clients)
  }

  async close(): Promise<void> {
    const [client] = this.#loaded.clients
    const path = `/kv?prefix=l/&keysOnly=1&${LINEARIZABLE}`
    const isEmpty = async () => {
      const page = await client?.read<{ readonly entries: readonly unknown[] }>(path)
      return page?.entries.length === 0 || undefined
    }
    await until('all leases have ended', isEmpty, { withinMs: GONE_WITHIN_MS }).catch(
      (error: unknown) => this.#loaded.recorder.surprises.push(String(error)),
    )
  }

  /** Undefined where it is not certain that it has a lease with keys on it. */
  async #take(): Promise<Held | undefined> {
    const { recorder } = this.#loaded
    const granted = await timed(() => anyOf(this.#loaded).grant(TTL_MS, 'held'))
    recorder.refusal('a grant', granted.answer)
    if (granted.answer.kind !== 'done') return undefined
    const { id, ttlMs } = granted.answer.answer
    this.#named += 1
    const name = `l/${this.#named}`
    const keys = Array.from({ length: KEYS }, (_, at) => `${name}/${at}`)
    const then = keys.map((key) => ({ put: { key, valueBase64: base64(name), lease: id } }))
    const { answer, ...times } = await timed(() => anyOf(this.#loaded).txn({ then }))
    recorder.write(new Map(keys.map((key) => [key, name])), answer, times)
    const lease = { ttlMs, confirmedMs: [granted.invokedMs], revokedMs: Infinity }
    if (answer.kind !== 'done') {
      const isGone = answer.kind === 'refused' && answer.problem.code === 'lease_not_found'
      if (isGone) recorder.leases.push({ ...lease, keys: [], missedMs: times.returnedMs })
      else recorder.refusal('a put with a lease', answer)
      return undefined
    }
    const held = { ...lease, id, keys, missedMs: Infinity }
    recorder.leases.push(held)
    return held
  }

  async #hold(held: Held, signal: AbortSignal): Promise<void> {
    const { random } = this.#loaded
    const renewals = Math.floor(random() * (RENEWALS_MAX + 1))
    for (let left = renewals; left > 0; left -= 1) {
      if (!(await systemClock.sleep(held.ttlMs / 3, signal))) return
      if (!(await this.#renew(held))) return
    }
    if (random() < REVOKED_RATIO) await this.#revoke(held)
  }

  /** Whether it is worth to go on. */
  async #renew(held: Held): Promise<boolean> {
    const { recorder } = this.#loaded
    const { answer, invokedMs, returnedMs } = await timed(() =>
      anyOf(this.#loaded).keepAlive(held.id),
    )
    if (answer.kind === 'done') {
      recorder.count('renewals')
      held.confirmedMs = [...held.confirmedMs, invokedMs]
      return true
    }
    if (answer.kind === 'doubt') return true
    if (answer.problem.code === 'lease_not_found') {
      held.missedMs = returnedMs
      return false
    }
    recorder.refusal('a renewal', answer)
    return true
  }

  async #revoke(held: Held): Promise<void> {
    held.revokedMs = systemClock.monotonicMs()
    const path = `/leases/${held.id}`
    await anyOf(this.#loaded)
      .ask(path, { method: 'DELETE' })
      .catch(() => undefined)
  }
}
