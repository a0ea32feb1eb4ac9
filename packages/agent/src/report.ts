/**
 * What the agent found, for people: a short table.
 *
 * @module
 */

import type { Registration } from '@rollcall/client'
import { cutToLength } from './plain-text.ts'
import type { Survey } from './registrations.ts'

const HEADINGS = ['SERVICE', 'INSTANCE', 'BIND', 'PID', 'USER', 'COMMAND']
const ROWS_MAX = 25
const COLUMN_MAX_LENGTH = 32
const COMMAND_MAX_LENGTH = 60
const BYTES_PER_GIB = 2 ** 30

/** Tells of the machine, then of each service on a line. `registrations` are those of the survey. */
export function reportLines(survey: Survey, registrations: readonly Registration[]): string[] {
  const { machine, scan } = survey
  const [, ...services] = registrations
  const memory = (machine.memoryBytes / BYTES_PER_GIB).toFixed(1)
  return [
    `${machine.hostname}: ${machine.cores} cores, ${memory} GiB memory, ${machine.os}, ` +
      `kernel ${machine.kernel} ${machine.arch}`,
    `Addresses: ${machine.addresses.join(', ')}`,
    '',
    ...table([HEADINGS, ...services.slice(0, ROWS_MAX).map((service) => row(service))]),
    ...(services.length > ROWS_MAX ? [`… and ${services.length - ROWS_MAX} more`] : []),
    ...leftOut(scan),
  ]
}

/** Tells where to look at what was registered, on one registry node. */
export function lookAtLines(server: string): string[] {
  const base = server.replace(/\/+$/, '')
  return [
    'Look at:',
    ...['/registry/v1/services', '/docs', '/metrics'].map((path) => `  ${base}${path}`),
  ]
}

function leftOut({ readable, withoutProcess }: Survey['scan']): string[] {
  if (!readable) return ['This system has no /proc/net/tcp: listening sockets are not known.']
  if (withoutProcess === 0) return []
  const sockets = withoutProcess === 1 ? 'socket' : 'sockets'
  return [
    `Left out: ${withoutProcess} listening ${sockets} whose process cannot be seen from here.`,
  ]
}

function row({ service, id, body }: Registration): string[] {
  const { bind = '', pid = '', user = '', command = '' } = body.metadata ?? {}
  const short = [service, id, bind, pid, user].map((cell) => cutToLength(cell, COLUMN_MAX_LENGTH))
  return [...short, cutToLength(command, COMMAND_MAX_LENGTH)]
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
