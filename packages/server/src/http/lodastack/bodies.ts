/**
 * Bodies of JSON. As the original's library does it, names of fields are matched without regard
 * to case, and what is null is as good as absent.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'
import type { Properties } from '../../catalog/index.ts'

/** One object of a body. */
export class Body {
  readonly #fields: ReadonlyMap<string, unknown>

  /** Throws `invalid_argument` unless it is an object. */
  constructor(json: unknown) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw invalidArgument('The body must be a JSON object.')
    }
    this.#fields = new Map(Object.entries(json).map(([name, value]) => [name.toLowerCase(), value]))
  }

  /** A text; empty where there is none. Throws `invalid_argument`. */
  text(name: string): string {
    const value = this.#fields.get(name) ?? ''
    if (typeof value === 'string') return value
    throw invalidArgument(`${name} must be a text.`, { field: name })
  }

  /** A text that must be there. Throws `invalid_argument`. */
  required(name: string): string {
    const text = this.text(name)
    if (text === '') throw invalidArgument(`${name} is missing.`, { field: name })
    return text
  }

  /** Texts; none where there is no list. Throws `invalid_argument`. */
  texts(name: string): readonly string[] {
    const value: unknown = this.#fields.get(name) ?? []
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
    throw invalidArgument(`${name} must be a list of texts.`, { field: name })
  }

  /** True or false; false where nothing is said. Throws `invalid_argument`. */
  flag(name: string): boolean {
    const value = this.#fields.get(name) ?? false
    if (typeof value === 'boolean') return value
    throw invalidArgument(`${name} must be true or false.`, { field: name })
  }

  /** A flat object of texts. Throws `invalid_argument`. */
  properties(name: string): Properties {
    return propertiesOf(name, this.#fields.get(name) ?? {})
  }

  /** Flat objects of texts. Throws `invalid_argument`. */
  propertyLists(name: string): readonly Properties[] {
    const value: unknown = this.#fields.get(name) ?? []
    if (Array.isArray(value)) return value.map((item) => propertiesOf(name, item))
    throw invalidArgument(`${name} must be a list.`, { field: name })
  }
}

/** The objects of a body that is a list. Throws `invalid_argument`. */
export function bodiesOf(json: unknown): readonly Body[] {
  if (Array.isArray(json) && json.length > 0) return json.map((item) => new Body(item))
  throw invalidArgument('The body must be a JSON list with at least one item.')
}

/** Reads a flat object of texts. Throws `invalid_argument`. */
export function propertiesOf(name: string, value: unknown): Properties {
  const rule = 'a flat object whose values are texts'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(`${name} must be ${rule}.`, { field: name })
  }
  for (const [key, part] of Object.entries(value)) {
    if (typeof part === 'string') continue
    throw invalidArgument(`${name} must be ${rule}; "${key}" is none.`, { field: name })
  }
  return value as Properties
}
