/**
 * Names of collects. Agents name measurements after them, so they say what is measured, and tell
 * from which collect a measurement comes.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'
import type { Properties } from '../../catalog/index.ts'

export const COLLECT = 'collect'

const SEPARATOR = '.'
const PROCESS = 'PROC'
const PORT = 'PORT'
/** Their collects are of many things; all others are of the system itself, and have fixed names. */
const TYPES: ReadonlySet<string> = new Set([PROCESS, PORT, 'PLUGIN', 'API'])
/** A dot would end the part of a measurement that names its collect. */
const NAME = /^[A-Za-z0-9-]+$/

/** How many parts of a measurement name its collect, after how many others, by what it begins with. */
const PARTS: Readonly<
  Record<string, { readonly from: number; readonly to: number; readonly min: number }>
> = {
  PROC: { from: 0, to: 2, min: 2 },
  PLUGIN: { from: 0, to: 2, min: 2 },
  PORT: { from: 0, to: Infinity, min: 2 },
  RUN: { from: 1, to: 3, min: 4 },
}

/**
 * A collect as it is kept: with its type before its name, as `PROC.nginx`, and its port behind it,
 * as `PORT.web.80`. Throws `invalid_argument` where that cannot be a name.
 */
export function asCollect(collect: Properties): Properties {
  const { measurement_type: type = '', name = '', port = '' } = collect
  if (!TYPES.has(type) || name === '' || name.startsWith(type + SEPARATOR)) return collect
  // A process may be called python2.7.
  const own = type === PROCESS ? name.replaceAll(SEPARATOR, '-') : name
  if (!NAME.test(own)) {
    const message = `The name of a collect of the type ${type} has letters, digits and dashes only.`
    throw invalidArgument(message, { field: 'name' })
  }
  if (type === PORT && port === '') throw invalidArgument('port is missing.', { field: 'port' })
  const parts = type === PORT ? [type, own, port] : [type, own]
  return { ...collect, name: parts.join(SEPARATOR) }
}

/**
 * The names of collects, each once: of `PROC.bin.cpu.idle` it is `PROC.bin`, of `RUN.API.ping.ms`
 * it is `API.ping`. Measurements of the system itself come from no collect that can be deleted.
 */
export function collectsOf(measurements: readonly string[]): readonly string[] {
  const names = measurements.flatMap((measurement) => {
    const parts = measurement.split(SEPARATOR)
    const which = PARTS[parts[0] ?? '']
    if (!which || parts.length < which.min) return []
    return parts.slice(which.from, which.to).join(SEPARATOR)
  })
  return [...new Set(names)]
}
