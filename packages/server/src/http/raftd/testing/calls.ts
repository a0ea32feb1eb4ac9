/**
 * Requests of this protocol, as curl and its other clients send them.
 *
 * @module
 */

import { setUpApp, type Answer, type AppHarness, type AppSetUp } from '../../../testing/index.ts'

export type Fields = Readonly<Record<string, string>>

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** A node's app with its `/lease` routes at hand. */
export async function setUpRaftd(setUp?: AppSetUp) {
  const t = await setUpApp(setUp)
  /** POST with a form, as `curl -d` sends it. */
  const post = (path: string, fields: Fields = {}): Promise<Answer> =>
    t.ask(`POST ${path}`, { body: new URLSearchParams(fields).toString(), headers: FORM })
  return {
    t,
    post,
    /** Grants a lease and answers its id as text, as `$(curl …)` does. */
    async grant(name: string, ttl = 10): Promise<string> {
      return (await t.ask(`POST /lease/grant?ttl=${ttl}&name=${encodeURIComponent(name)}`)).text
    },
    keepAlive: (id: string, key: string, data: string) =>
      post(`/lease/keepalive/${id}`, { key, data }),
    /** What is kept under a key, in the leases of a prefix. */
    async kv(key: string, prefix: string, more: Fields = {}): Promise<unknown> {
      const { text } = await post(`/lease/kv/${key}`, { prefix, ...more })
      return JSON.parse(text)
    },
    /** Moves time on by seconds, in steps that let everything due happen. */
    async pass(seconds: number): Promise<void> {
      for (let left = seconds; left > 0; left -= 1) await t.catalog.clock.advance(1_000)
    },
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

/** A multipart form, as `curl -F` sends it. */
export function multipart(
  t: Pick<AppHarness, 'ask'>,
  line: string,
  fields: Fields,
): Promise<Answer> {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const headers = { 'content-type': 'multipart/form-data; boundary=X' }
  return t.ask(line, { body: `${parts.join('')}--X--\r\n`, headers })
}
