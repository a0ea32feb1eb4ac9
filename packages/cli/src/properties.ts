/**
 * Properties of resources as people write and read them: `hostname=db-1`.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

type Properties = Readonly<Record<string, string>>

/** Reads pairs; a value may hold anything, another `=` too. Throws `invalid_argument`. */
export function propertiesOf(pairs: readonly string[]): Properties {
  const entries = pairs.map((pair): [string, string] => {
    const at = pair.indexOf('=')
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)]
    throw invalidArgument(`A property is given as name=value, not "${pair}".`)
  })
  return Object.fromEntries(entries)
}

/** Shows properties on one line, by name; values in quotes where they would not be told apart. */
export function propertiesText(properties: Properties): string {
  const names = Object.keys(properties).sort()
  return names.map((name) => `${name}=${valueText(properties[name] ?? '')}`).join(' ') || '-'
}

function valueText(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}
