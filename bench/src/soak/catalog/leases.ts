/**
 * Leases with keys on them: kept alive for a while, then left to end or revoked. None may end
 * early, all have to end, and the keys of one vanish together.
 *
 * @module
 */

import { API_BASE, type GrantAnswer } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { Client, type Outcome } from './client.ts'
import { LeaseTerm } from './lease-term.ts'
import {
  acknowledge,
  below,
  kvUrl,
  PREFIX,
  unexpected,
  type Part,
  type Restart,
  type Soaked,
} from './part.ts'

const HOLDERS = 24
const TTL_MIN_MS = 2_000
const TTL_MORE_MS = 2_000
const KEYS = 2
const KEPT_MAX_MS = 8_000
const SHARE_REVOKED = 0.2
/** The engine ends what is due a few times a second; a busy machine is late. */
const OVERDUE_MAX_MS = 2_500
const LOOK_EVERY_MS = 100

interface Held {
  readonly id: number
  readonly keys: readonly string[]
  readonly term: LeaseTerm
  readonly keptUntilMs: number
  readonly isRevoked: boolean
  nextKeepMs: number
}

export class LeaseHolders implements Part {
  readonly #soaked: Soaked
  /** One for each holder; undefined: it takes a new one. */
  readonly #held = new Array<Held | undefined>(HOLDERS).fill(undefined)
  #named = 0

  constructor(soaked: Soaked) {
    this.#soaked = soaked
  }

  async load(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#held.map((_, holder) => this.#hold(holder, signal)))
  }

  restarted(restart: Restart): void {
    for (const held of this.#held) held?.term.restarted(restart)
  }

  /** Looks at all that are held, as their holders do. */
  async check(): Promise<void> {
    const client = new Client(this.#soaked.url)
    for (const holder of this.#held.keys()) {
      const held = this.#held[holder]
      if (held && (await this.#hasEnded(client, held))) this.#held[holder] = undefined
    }
    client.close()
  }

  async #hold(holder: number, signal: AbortSignal): Promise<void> {
    const client = new Client(this.#soaked.url)
    do {
      const held = this.#held[holder]
      const nowMs = systemClock.monotonicMs()
      if (!held) this.#held[holder] = await this.#take(client)
      else if (nowMs < held.keptUntilMs) {
        if (nowMs >= held.nextKeepMs && !(await this.#keep(client, held))) {
          this.#held[holder] = undefined
        }
      } else if (held.isRevoked) {
        await this.#revoke(client, held)
        this.#held[holder] = undefined
      } else if (await this.#hasEnded(client, held)) this.#held[holder] = undefined
    } while (await systemClock.sleep(LOOK_EVERY_MS, signal))
    client.close()
  }

  /** A new lease with its keys; undefined when any of it is in doubt, which ends by itself. */
  async #take(client: Client): Promise<Held | undefined> {
    const { random } = this.#soaked
    const asked = { ttlMs: TTL_MIN_MS + below(TTL_MORE_MS, random), name: 'soak' }
    const sentAtMs = systemClock.monotonicMs()
    const granted = await client.ask({
      method: 'POST',
      path: `${API_BASE}/leases`,
      headers: 'Content-Type: application/json\r\n',
      body: JSON.stringify(asked),
    })
    const doneAtMs = systemClock.monotonicMs()
    if (granted.kind !== 'answered') return undefined
    if (granted.status !== 201) {
      unexpected(this.#soaked, 'a grant', granted)
      return undefined
    }
    const { id, ttlMs } = JSON.parse(granted.text) as GrantAnswer
    if (ttlMs < asked.ttlMs) {
      this.#soaked.tally.surprise(`asked for ${asked.ttlMs} ms, granted ${ttlMs}`)
    }
    this.#soaked.tally.count('grants')
    this.#named += 1
    const keys = Array.from({ length: KEYS }, (_, at) => `${PREFIX}lease/${this.#named}/${at}`)
    for (const key of keys) {
      const put = await client.ask({
        method: 'PUT',
        path: kvUrl(key, `?lease=${id}`),
        body: 'held',
      })
      if (put.kind !== 'answered') return undefined
      if (put.status !== 200) {
        unexpected(this.#soaked, `PUT ${key} on a new lease`, put)
        return undefined
      }
      acknowledge(this.#soaked, 'puts on leases', put.head)
    }
    return {
      id,
      keys,
      term: new LeaseTerm(ttlMs, { sentAtMs, doneAtMs }),
      keptUntilMs: doneAtMs + below(KEPT_MAX_MS, random),
      isRevoked: random() < SHARE_REVOKED,
      nextKeepMs: doneAtMs + ttlMs / 3,
    }
  }

  /** Whether it is still there. */
  async #keep(client: Client, held: Held): Promise<boolean> {
    const { id, term } = held
    const sentAtMs = systemClock.monotonicMs()
    const path = `${API_BASE}/leases/${id}/keepalive`
    const outcome = await client.ask({ method: 'POST', path })
    const doneAtMs = systemClock.monotonicMs()
    held.nextKeepMs = doneAtMs + term.ttlMs / 3
    if (outcome.kind !== 'answered') {
      term.mayBeRenewed(doneAtMs)
      return true
    }
    if (outcome.status === 200) {
      term.renewed(sentAtMs, doneAtMs)
      this.#soaked.tally.count('keep-alives')
      return true
    }
    if (outcome.status === 404) this.#seeEnd(held, doneAtMs)
    else unexpected(this.#soaked, 'a keep-alive', outcome)
    return false
  }

  async #revoke(client: Client, { id, keys }: Held): Promise<void> {
    const outcome = await client.ask({ method: 'DELETE', path: `${API_BASE}/leases/${id}` })
    if (outcome.kind !== 'answered' || outcome.status === 404) return
    if (outcome.status !== 204) return unexpected(this.#soaked, 'a revoke', outcome)
    acknowledge(this.#soaked, 'revokes', outcome.head)
    for (const key of keys) {
      const found = await client.ask({ method: 'GET', path: kvUrl(key) })
      if (found.kind === 'answered' && found.status !== 404) {
        unexpected(this.#soaked, `GET ${key} after its lease was revoked`, found)
      }
    }
  }

  /** Looks at its keys, and whether they are rightly there or gone. */
  async #hasEnded(client: Client, held: Held): Promise<boolean> {
    const outcomes: Outcome[] = []
    const sentAtMs = systemClock.monotonicMs()
    for (const key of held.keys)
      outcomes.push(await client.ask({ method: 'GET', path: kvUrl(key) }))
    const isGone = outcomes.map((one) => one.kind === 'answered' && one.status === 404)
    if (outcomes.some(({ kind }) => kind !== 'answered')) return false
    // They vanish in one revision: what is asked for later is gone if what was asked for before is.
    if (isGone[0] === true && isGone.includes(false)) {
      this.#soaked.tally.surprise(`only some keys of lease ${held.id} have vanished`)
    }
    if (isGone[0] === true) {
      this.#seeEnd(held, systemClock.monotonicMs())
      return true
    }
    const overdueMs = held.term.overdueMs(sentAtMs)
    if (overdueMs <= OVERDUE_MAX_MS) return false
    this.#soaked.tally.surprise(`lease ${held.id} is ${Math.round(overdueMs)} ms overdue`)
    return true
  }

  #seeEnd({ id, term }: Held, seenByMs: number): void {
    this.#soaked.tally.count('leases that ended')
    const earlyMs = term.earlyMs(seenByMs)
    if (earlyMs > 0) {
      this.#soaked.tally.surprise(`lease ${id} ended ${Math.round(earlyMs)} ms early`)
    }
  }
}
