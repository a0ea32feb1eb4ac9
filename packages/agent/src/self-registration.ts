/**
 * Keeps the registry's picture of this machine true: looks again every two seconds and tells
 * the registrar what came, changed or went. Renewing is the registrar's.
 *
 * @module
 */

import type { Registrar, Registration } from '@rollcall/client'
import { MACHINE_SERVICE, hasCode, type RegistryError } from '@rollcall/protocol'
import type { Actor, Clock, Logger, Random } from '@rollcall/runtime'
import { registrationsOf, type Survey } from './registrations.ts'

/** Often enough that a socket is known within seconds; a look costs a few milliseconds. */
const LOOK_EVERY_MS = 2_000

/** Each wait differs by up to this share, so that a thousand agents do not look (and write) as one. */
const JITTER_RATIO = 0.1

/** What one look changed. The first has everything in `appeared`. */
export interface Changes {
  readonly survey: Survey
  readonly appeared: readonly Registration[]
  readonly changed: readonly Registration[]
  readonly gone: readonly Registration[]
}

export interface SelfRegistrationOptions {
  readonly registrar: Pick<Registrar, 'put' | 'remove'>
  /** Looks at the machine once. */
  readonly survey: () => Promise<Survey>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** After each look that changed something, and after what changed was put. */
  readonly onChanges?: (changes: Changes) => void
}

interface Known {
  readonly registration: Registration
  /** The registration as text, to see whether it changed. */
  readonly text: string
}

/** Registers this machine and each service that listens on it, for as long as it runs. */
export class SelfRegistration implements Actor {
  readonly #options: SelfRegistrationOptions
  readonly #superseded = new Set<string>()
  #known = new Map<string, Known>()
  #stoodDown = false

  constructor(options: SelfRegistrationOptions) {
    this.#options = options
  }

  /** Looks until `signal` aborts. Does not cancel at the end: the registrar does. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options
    do {
      if (!this.#stoodDown) this.#tell(await this.#options.survey(), signal)
    } while (await clock.sleep(LOOK_EVERY_MS * (1 + JITTER_RATIO * (2 * random() - 1)), signal))
  }

  /**
   * To be called when the registrar lost a registration. One that a newer process holds is
   * left to it. When that is the machine's own, a newer agent runs here, and two would fight
   * over every socket: this one withdraws what it still has and rests until it is stopped.
   */
  lost(registration: Registration, error: RegistryError): void {
    const { log, registrar } = this.#options
    const { service, id } = registration
    log.warn({ service, id, code: error.code }, 'lost a registration')
    if (!hasCode(error, 'superseded')) return
    this.#superseded.add(keyOf(registration))
    this.#known.delete(keyOf(registration))
    if (service !== MACHINE_SERVICE) return
    this.#stoodDown = true
    for (const known of this.#known.values()) registrar.remove(known.registration)
    this.#known.clear()
    log.warn({ id }, 'stood down for a newer agent on this machine')
  }

  #tell(survey: Survey, signal: AbortSignal): void {
    // While the survey was made, the agent may have been stopped or replaced.
    if (signal.aborted || this.#stoodDown) return
    const { registrar, onChanges, log } = this.#options
    const wanted = this.#wanted(survey)
    const appeared: Registration[] = []
    const changed: Registration[] = []
    for (const [key, { registration, text }] of wanted) {
      const before = this.#known.get(key)
      if (before?.text === text) continue
      registrar.put(registration)
      ;(before ? changed : appeared).push(registration)
    }
    const gone = [...this.#known]
      .filter(([key]) => !wanted.has(key))
      .map(([, { registration }]) => registration)
    for (const registration of gone) registrar.remove(registration)
    this.#known = wanted
    if (appeared.length + changed.length + gone.length === 0) return
    const counts = { appeared: appeared.length, changed: changed.length, gone: gone.length }
    log.info(counts, 'the services of this machine changed')
    onChanges?.({ survey, appeared, changed, gone })
  }

  #wanted(survey: Survey): Map<string, Known> {
    const wanted = new Map<string, Known>()
    for (const registration of registrationsOf(survey)) {
      const key = keyOf(registration)
      if (this.#superseded.has(key)) continue
      wanted.set(key, { registration, text: JSON.stringify(registration) })
    }
    return wanted
  }
}

function keyOf({ service, id }: Registration): string {
  return `${service} ${id}`
}
