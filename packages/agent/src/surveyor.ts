/**
 * Looks at the real machine.
 *
 * @module
 */

import { readMachineFacts } from './machine-facts.ts'
import { procReader } from './proc-reader.ts'
import type { Survey } from './registrations.ts'
import { SocketScanner } from './socket-scanner.ts'
import { parsePasswd } from './users.ts'

export interface SurveyorOptions {
  /** Lets other work run; awaited now and then while thousands of links are read. */
  readonly breathe: () => Promise<void>
  /** In place of the system's own name. */
  readonly hostname?: string | undefined
}

/** Makes a function that looks at this machine once each time. Calls must not overlap. */
export function machineSurveyor({ breathe, hostname }: SurveyorOptions): () => Promise<Survey> {
  const etc = procReader('/etc')
  const proc = procReader()
  const osRelease = etc.text('os-release')
  const users = () => parsePasswd(etc.text('passwd') ?? '')
  const scanner = new SocketScanner({ proc, users, breathe })
  return async () => {
    const facts = readMachineFacts(osRelease)
    const machine = hostname === undefined ? facts : { ...facts, hostname }
    return { machine, scan: await scanner.scan() }
  }
}
