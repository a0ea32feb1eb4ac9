/**
 * Requests of this protocol, and its answers with every digit.
 *
 * @module
 */

import type { Answer, AppHarness } from '../../../testing/index.ts'

export type Params = Readonly<Record<string, string | readonly string[]>>

/** An answer's body; integers that fit no number are bigints. */
export interface Body {
  readonly code: number
  readonly message: string
  readonly ttl?: number
  // Tests look into it as they need.
  readonly data: never
  readonly error?: Readonly<Record<string, readonly string[] | null>>
}

export const A: Params = {
  zone: 'z',
  env: 'e',
  appid: 'a',
  hostname: 'h',
  status: '1',
  addrs: 'http://1.1.1.1:80',
}
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Encodes parameters as forms and queries have them. */
export function encoded(params: Params): string {
  const pairs = Object.entries(params).flatMap(([name, value]) =>
    [value].flat().map((text): [string, string] => [name, text]),
  )
  return new URLSearchParams(pairs).toString()
}

/** Reads a body with every digit of its times. */
export function bodyOf({ text }: Pick<Answer, 'text'>): Body {
  const marked = text.replaceAll(/:(\d{16,})(?=[,}])/g, ':"#$1"')
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && /^#\d+$/.test(value) ? BigInt(value.slice(1)) : value,
  ) as Body
}

/** Calls a node's `/discovery` routes. */
export function callsOf(t: Pick<AppHarness, 'ask'>) {
  return {
    /** POST with a form body. */
    post: (path: string, params: Params) =>
      t.ask(`POST /discovery/${path}`, { body: encoded(params), headers: FORM }),
    get: (path: string, params: Params = {}) => t.ask(`GET /discovery/${path}?${encoded(params)}`),
  }
}
