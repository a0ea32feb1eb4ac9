/**
 * One report of an agent.
 *
 * @module
 */

import { invalidArgument, isName, LIMITS } from '@rollcall/protocol'
import type { Body } from './bodies.ts'

/** One report, as it comes in. */
export interface Report {
  readonly oldHostname: string
  readonly newHostname: string
  readonly oldIps: readonly string[]
  readonly newIps: readonly string[]
  readonly sn: string
  /** Whether the agent says that hostname or addresses have changed. */
  readonly isUpdate: boolean
  /** Texts about the agent itself, by their names on the wire. */
  readonly agent: Readonly<Record<string, string>>
}

const AGENT_FIELDS = ['version', 'commit', 'branch', 'buildtime', 'goversion', 'agenttype'] as const

/** Whether it tells of another hostname or of other addresses. By its documentation two names are enough. */
export function tellsOfChange({ isUpdate, oldHostname, newHostname }: Report): boolean {
  return isUpdate || oldHostname !== newHostname
}

/**
 * Reads a report. Throws `invalid_argument`.
 *
 * Some agents name the old hostname only when it was another, also where they tell of other addresses.
 */
export function readReport(body: Body): Report {
  const newHostname = hostnameIn(body, 'newhostname')
  const isSame = body.text('oldhostname') === ''
  return {
    oldHostname: isSame ? newHostname : hostnameIn(body, 'oldhostname'),
    newHostname,
    oldIps: body.texts('oldiplist'),
    newIps: body.texts('newiplist'),
    sn: body.text('sn'),
    isUpdate: body.flag('update'),
    agent: Object.fromEntries(
      AGENT_FIELDS.flatMap((name) => {
        const text = body.text(name)
        return text === '' ? [] : [[name, text] as const]
      }),
    ),
  }
}

/** Whether what is known of a machine may be of the one with this serial number. */
export function isSameMachine(
  { sn: known = '' }: Readonly<Record<string, string>>,
  sn: string,
): boolean {
  return known === '' || sn === '' || known === sn
}

function hostnameIn(body: Body, field: string): string {
  const hostname = body.required(field)
  if (isName(hostname)) return hostname
  const rule = `1 to ${LIMITS.nameMaxLength} of the characters A-Z, a-z, 0-9, ".", "_", "-", ":" and "/", without ".." and no "/" first`
  throw invalidArgument(`${field} must be a hostname of ${rule}.`, { field })
}
