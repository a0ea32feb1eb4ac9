/**
 * What the client has to say while a command runs, for whoever looks at the terminal.
 *
 * @module
 */

import type { LogFields, Logger } from '@rollcall/runtime'
import type { Io } from './context.ts'
import { jsonLine } from './output.ts'

const nothing = () => {}

/** Prints warnings and errors, each as one line on stderr. */
export function lineLog(io: Io, { json }: { json: boolean }): Logger {
  const print = (level: string) => (fields: LogFields, message: string) => {
    io.err(json ? jsonLine({ level, message, ...fields }) : sentence(fields, message))
  }
  return { error: print('error'), warn: print('warn'), info: nothing, debug: nothing }
}

/** Constant messages start small and have no full stop; the reason is a sentence of its own. */
function sentence({ reason, ...fields }: LogFields, message: string): string {
  const start = message.charAt(0).toUpperCase() + message.slice(1)
  if (typeof reason === 'string') return `${start}: ${reason}`
  const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`)
  return `${start}.${facts.join('')}`
}
