/**
 * Instances that are registered, changed and cancelled at any node, and what became of the last
 * change of each that was confirmed: that one has to stand on every node in the end.
 *
 * @module
 */

import type { ServiceView } from '@rollcall/protocol'
import { systemClock, type Random } from '@rollcall/runtime'
import {
  call,
  callJson,
  instanceUrl,
  registration,
  serviceUrl,
} from '../../../tests/src/support/http.ts'
import { steadily } from './pace.ts'
import type { Tally } from './tally.ts'

const SERVICE = 'changing'
const COUNT = 500
const PER_SECOND = 25
/** A node that is killed may have confirmed what it had not yet told anybody. */
const UNSHIPPED_MS = 1_000
const NOTHING = 'nothing'
/** Nobody renews them. */
const LONG = { ttlMs: 86_400_000 }

interface Subject {
  readonly id: string
  /** Of its client; a new one for each life, since one that was cancelled does not come back. */
  session: number
  /** The version that was registered last, or that there is nothing. */
  state: string
  at: string
  confirmedAtMs: number
}

export class Changing {
  readonly #urls: readonly string[]
  readonly #random: Random
  readonly #tally: Tally
  #subjects: Subject[]
  #named = 0
  #changes = 0

  constructor(urls: readonly string[], tally: Tally, random: Random) {
    this.#urls = urls
    this.#tally = tally
    this.#random = random
    this.#subjects = Array.from({ length: COUNT }, () => this.#fresh())
  }

  /** Makes changes until `signal` aborts. */
  change(signal: AbortSignal): Promise<void> {
    return steadily(PER_SECOND, signal, () => this.#changeOne())
  }

  /** A node was killed: what it alone may have known, nobody can be held to. */
  killed(url: string): void {
    const sinceMs = systemClock.monotonicMs() - UNSHIPPED_MS
    const isSafe = ({ at, confirmedAtMs }: Subject) => at !== url || confirmedAtMs < sinceMs
    const safe = this.#subjects.filter(isSafe)
    this.#tally.count('changes whose node was killed', this.#subjects.length - safe.length)
    this.#subjects = safe
    while (this.#subjects.length < COUNT) this.#subjects.push(this.#fresh())
  }

  /** Compares all nodes with what was confirmed. Nothing may change meanwhile. */
  async check(): Promise<void> {
    for (const url of this.#urls) {
      const { instances } = await callJson<ServiceView>(serviceUrl(url, SERVICE))
      const shown = new Map(instances.map(({ id, version }) => [id, version]))
      for (const { id, state } of this.#subjects) {
        this.#tally.count('changes looked for')
        const seen = shown.get(id) ?? NOTHING
        if (seen !== state) this.#tally.surprise(`${url} shows ${seen} of ${id}, not ${state}`)
      }
    }
  }

  #fresh(): Subject {
    this.#named += 1
    return { id: `subject-${this.#named}`, session: 0, state: NOTHING, at: '', confirmedAtMs: 0 }
  }

  async #changeOne(): Promise<void> {
    const at = this.#urls[Math.floor(this.#random() * this.#urls.length)] ?? ''
    const subject = this.#subjects[Math.floor(this.#random() * this.#subjects.length)]
    if (!subject) return
    const isCancel = subject.state !== NOTHING && this.#random() < 0.4
    if (subject.state === NOTHING) {
      subject.session = Math.max(subject.session + 1, systemClock.wallMs())
    }
    this.#changes += 1
    const version = `v${this.#changes}`
    const url = instanceUrl(at, SERVICE, subject.id)
    const outcome = await this.#ask(url, subject.session, isCancel ? undefined : version)
    if (outcome === 'done') {
      subject.state = isCancel ? NOTHING : version
      subject.at = at
      subject.confirmedAtMs = systemClock.monotonicMs()
    } else if (outcome === 'unknown') {
      // It may happen yet, at a time of its own.
      const which = this.#subjects.indexOf(subject)
      if (which >= 0) this.#subjects[which] = this.#fresh()
    }
  }

  async #ask(
    url: string,
    session: number,
    version: string | undefined,
  ): Promise<'done' | 'refused' | 'unknown'> {
    let answer
    try {
      answer = await (version === undefined
        ? call(`${url}?session=${session}`, { method: 'DELETE' })
        : call(url, { method: 'PUT', body: { ...registration({ version }), ...LONG, session } }))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return code === 'ECONNREFUSED' ? 'refused' : 'unknown'
    }
    // A side that has not heard of it notes that this life of it has ended.
    const isGone = version === undefined && answer.status === 404
    if (answer.status < 300 || isGone) {
      this.#tally.count(version === undefined ? 'cancels' : 'registrations')
      return 'done'
    }
    if (answer.status === 503) return 'refused'
    this.#tally.surprise(`${url}: ${answer.status} ${answer.text}`)
    return 'unknown'
  }
}
