/**
 * What the agent says to whoever started it: a table at first, then a line for each change.
 *
 * @module
 */

import type { Registrar, Registration } from '@rollcall/client'
import type { RegistryError } from '@rollcall/protocol'
import type { Logger } from '@rollcall/runtime'
import { lookAtLines, reportLines } from './report.ts'
import type { Changes } from './self-registration.ts'

export interface AnnouncerOptions {
  /** Shows one line. */
  readonly print: (line: string) => void
  readonly log: Logger
  /** The registry node to point at. */
  readonly lookAt: string
}

/** Turns changes and losses into lines. */
export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #refusals = new Set<string>()
  #isFirst = true

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  /** Tells of changes: of the first with a table, once the registry has confirmed it. */
  changes({ survey, appeared, gone }: Changes, registrar: Pick<Registrar, 'settled'>): void {
    const { print, log, lookAt } = this.#options
    if (!this.#isFirst) {
      for (const registration of appeared) print(`+ ${briefly(registration)}`)
      for (const registration of gone) print(`- ${briefly(registration)}`)
      return
    }
    this.#isFirst = false
    registrar.settled().then(
      () => {
        for (const line of reportLines(survey, appeared)) print(line)
        for (const line of ['', ...lookAtLines(lookAt)]) print(line)
      },
      () => {
        log.debug({}, 'stopped before the first registration was confirmed')
      },
    )
  }

  /** Says once per kind of refusal what was refused; the log has every one. */
  lost(registration: Registration, { code, message }: RegistryError): void {
    if (this.#refusals.has(code)) return
    this.#refusals.add(code)
    this.#options.print(`The registry no longer takes ${briefly(registration)}: ${message}`)
  }
}

function briefly({ service, id, body }: Registration): string {
  return [service, id, ...body.addresses.slice(0, 1)].join(' ')
}
