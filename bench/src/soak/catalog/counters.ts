/**
 * Counters that many clients count up by compare-and-set. A write that was not answered is sent
 * again with the same idempotency key once the node is back, so every counter is exact.
 *
 * @module
 */

import { HEADERS, type Problem } from '@rollcall/protocol'
import { headerIn } from '../../drivers/response-reader.ts'
import { Client, type Outcome } from './client.ts'
import { acknowledge, below, kvUrl, PREFIX, unexpected, type Part, type Soaked } from './part.ts'

const COUNTERS = 4
const WRITERS = 12
const CONFLICT = 409

interface CountUp {
  readonly counter: number
  readonly revision: string
  readonly value: string
  readonly idempotencyKey: string
}

export class Counters implements Part {
  readonly #soaked: Soaked
  /** How often each was counted up for sure. */
  readonly #counted = new Array<number>(COUNTERS).fill(0)
  readonly #unanswered: CountUp[] = []
  readonly #run: string
  #sent = 0

  constructor(soaked: Soaked) {
    this.#soaked = soaked
    this.#run = String(below(1e9, soaked.random))
  }

  async load(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: WRITERS }, () => this.#count(signal)))
  }

  async check(): Promise<void> {
    const client = new Client(this.#soaked.url)
    for (const one of this.#unanswered.splice(0)) {
      this.#soaked.tally.count('compare-and-sets sent again')
      const outcome = await this.#send(client, one)
      if (outcome.kind === 'answered') continue
      if (outcome.kind === 'unknown' && wasDone(outcome.text)) this.#done(one.counter)
      else unexpected(this.#soaked, 'sending again', outcome)
    }
    for (const [counter, counted] of this.#counted.entries()) {
      const outcome = await client.ask({ method: 'GET', path: kvUrl(keyOf(counter)) })
      const is = valueIn(outcome)
      if (is === counted) continue
      this.#soaked.tally.surprise(`counter ${counter} is ${is}, and was counted to ${counted}`)
      if (is !== undefined) this.#counted[counter] = is
    }
    client.close()
  }

  async #count(signal: AbortSignal): Promise<void> {
    const { random, url } = this.#soaked
    const client = new Client(url)
    while (!signal.aborted) {
      const counter = below(COUNTERS, random)
      const read = await client.ask({ method: 'GET', path: kvUrl(keyOf(counter)) })
      const value = valueIn(read)
      if (value === undefined || read.kind !== 'answered') continue
      const revision =
        read.status === 404 ? '0' : (/[0-9]+/.exec(headerIn(read.head, 'etag') ?? '')?.[0] ?? '')
      this.#sent += 1
      const idempotencyKey = `${this.#run}-${this.#sent}`
      const one = { counter, revision, value: String(value + 1), idempotencyKey }
      const outcome = await this.#send(client, one)
      if (outcome.kind === 'unknown') this.#unanswered.push(one)
    }
    client.close()
  }

  #done(counter: number): void {
    this.#counted[counter] = (this.#counted[counter] ?? 0) + 1
  }

  async #send(client: Client, countUp: CountUp): Promise<Outcome> {
    const { counter, revision, value, idempotencyKey } = countUp
    const outcome = await client.ask({
      method: 'PUT',
      path: kvUrl(keyOf(counter), `?ifRevision=${revision}`),
      headers: `${HEADERS.idempotencyKey}: ${idempotencyKey}\r\n`,
      body: value,
    })
    if (outcome.kind !== 'answered') return outcome
    if (outcome.status === 200) {
      this.#done(counter)
      acknowledge(this.#soaked, 'compare-and-sets', outcome.head)
    } else if (outcome.status === CONFLICT) this.#soaked.tally.count('compare-and-sets lost')
    else unexpected(this.#soaked, `compare-and-set of counter ${counter}`, outcome)
    return outcome
  }
}

/** The node died between doing it and keeping what it would have answered. */
function wasDone(text: string | undefined): boolean {
  if (text === undefined) return false
  const { details } = JSON.parse(text) as Problem
  return typeof details['revision'] === 'number'
}

function keyOf(counter: number): string {
  return `${PREFIX}counter/${counter}`
}

/** What a counter stands at; one that is not there at 0. */
function valueIn(outcome: Outcome): number | undefined {
  if (outcome.kind !== 'answered') return undefined
  if (outcome.status === 404) return 0
  return outcome.status === 200 ? Number(outcome.text) : undefined
}
