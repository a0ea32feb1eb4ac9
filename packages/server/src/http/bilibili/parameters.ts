/**
 * The parameters of a request, wherever its client put them: query, form, or JSON with the
 * names of the original's fields (`AppID`), for which case and underscores are left aside.
 *
 * @module
 */

import { invalidArgument, isName, limitExceeded } from '@rollcall/protocol'

/** Where parameters are found. */
export interface Sources {
  readonly url: string
  /** A form as text, an object from JSON, or nothing. */
  readonly body: unknown
}

/** Times are 64-bit integers, and are never numbers here. */
const INT64 = /^\d{1,19}$/
const UINT32 = /^\d{1,9}$/
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])

export class Parameters {
  readonly #values = new Map<string, string[]>()

  /** Reads all of them; of two values of one name, the body's comes first. */
  constructor({ url, body }: Sources) {
    if (typeof body === 'string') this.#addForm(body)
    else if (typeof body === 'object' && body !== null) this.#addFields(body)
    const queryAt = url.indexOf('?')
    if (queryAt >= 0) this.#addForm(url.slice(queryAt + 1))
  }

  /** The first value; empty where there is none. */
  text(name: string): string {
    return this.texts(name)[0] ?? ''
  }

  /** Every value, as it was sent. */
  texts(name: string): readonly string[] {
    return this.#values.get(plain(name)) ?? []
  }

  /** Every value, those joined by commas apart, and nothing empty. */
  list(name: string): string[] {
    return this.texts(name).flatMap((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    )
  }

  /** A name that must be there. Throws `invalid_argument`. */
  name(name: string): string {
    return checkedName(name, this.text(name))
  }

  /** A name that may be left out. Throws `invalid_argument`. */
  optionalName(name: string): string | undefined {
    const text = this.text(name)
    return text === '' ? undefined : checkedName(name, text)
  }

  /** One name or more. Throws `invalid_argument`, and `limit_exceeded` beyond `max`. */
  names(name: string, max: number): readonly string[] {
    const names = this.list(name)
    if (names.length === 0) throw invalidArgument(`${name} is missing.`, { field: name })
    if (names.length > max) throw limitExceeded(name, max, names.length)
    return names.map((text) => checkedName(name, text))
  }

  /** A text of at most `max` characters. Throws `invalid_argument`. */
  shortText(name: string, max: number): string {
    const text = this.text(name)
    if (text.length <= max) return text
    throw invalidArgument(`${name} is longer than ${max} characters.`, { field: name })
  }

  /** A 64-bit integer; 0 where there is none. Throws `invalid_argument`. */
  int64(name: string): bigint {
    return parseInt64(name, this.text(name) || '0')
  }

  /** A positive integer that must be there. Throws `invalid_argument`. */
  positive(name: string): number {
    const text = this.text(name)
    if (UINT32.test(text) && Number(text) > 0) return Number(text)
    throw invalidArgument(`${name} must be a positive integer.`, { field: name })
  }

  flag(name: string): boolean {
    return TRUE.has(this.text(name))
  }

  #addForm(text: string): void {
    for (const [name, value] of new URLSearchParams(text)) this.#add(name, [value])
  }

  #addFields(fields: object): void {
    for (const [name, value] of Object.entries(fields)) this.#add(name, textsOf(value))
  }

  #add(name: string, texts: readonly string[]): void {
    const key = plain(name)
    const known = this.#values.get(key)
    if (known) known.push(...texts)
    else this.#values.set(key, [...texts])
  }
}

/** Reads a 64-bit integer digit for digit. Throws `invalid_argument`. */
export function parseInt64(name: string, text: string): bigint {
  if (INT64.test(text)) return BigInt(text)
  throw invalidArgument(`${name} must be an integer.`, { field: name })
}

function checkedName(name: string, text: string): string {
  if (isName(text)) return text
  const message = text === '' ? `${name} is missing.` : `${name} is not a name of this registry.`
  throw invalidArgument(message, { field: name })
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '')
}

function textsOf(value: unknown): readonly string[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.flatMap(textsOf)
  return [typeof value === 'string' ? value : JSON.stringify(value)]
}
