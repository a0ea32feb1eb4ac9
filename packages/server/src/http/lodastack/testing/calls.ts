/**
 * Requests of this protocol, as curl, its agents and its page send them.
 *
 * @module
 */

import { expect } from 'vitest'
import { setUpApp, type Answer, type AppSetUp } from '../../../testing/index.ts'

export type Fields = Readonly<Record<string, string>>

/** An answer, taken out of its envelope. */
export interface Told {
  readonly status: number
  readonly data: unknown
  readonly msg: string
}

/** curl says so of every body, whatever it is. */
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** A node's app whose root is `loda`, with its `/api/v1` at hand. */
export async function setUpLodastack(setUp: AppSetUp = {}) {
  const t = await setUpApp({ rootName: 'loda', ...setUp })
  const whole = (line: string) => line.replace(' ', ' /api/v1')
  const query = async (line: string, fields: Fields = {}): Promise<Told> =>
    toldBy(await t.ask(`${whole(line)}?${new URLSearchParams(fields).toString()}`))
  const form = async (line: string, fields: Fields): Promise<Told> => {
    const body = new URLSearchParams(fields).toString()
    return toldBy(await t.ask(whole(line), { body, headers: FORM }))
  }
  const json = async (line: string, body: unknown): Promise<Told> =>
    toldBy(await t.ask(whole(line), { body: JSON.stringify(body), headers: FORM }))
  return {
    t,
    /** Parameters in the query. */
    query,
    /** Parameters in a form, as `curl -d` sends it. */
    form,
    /** A body of JSON, as `curl -d` sends it. */
    json,
    /** Creates namespaces, each by its name, with its type, and whom it matches. */
    async grow(...all: readonly (readonly [ns: string, type: 0 | 1, machinereg?: string])[]) {
      for (const [ns, type, machinereg = ''] of all) {
        const [name = '', ...parent] = ns.split('.')
        const fields = { ns: parent.join('.'), name, type: String(type), machinereg }
        done(await query('POST /ns', fields))
      }
    },
    /** Adds a resource and answers its id. */
    async add(ns: string, type: string, resource: Fields): Promise<string> {
      return done(await json('POST /resource/add', { ns, type, resource })) as string
    },
    /** The resources of a type, as they go out. */
    async list(ns: string, type: string): Promise<readonly Fields[]> {
      return done(await query('GET /resource', { ns, type })) as Fields[]
    },
    async search(fields: Fields): Promise<Readonly<Record<string, readonly Fields[]>>> {
      return done(await query('GET /resource/search', fields)) as Record<string, Fields[]>
    },
    /** What an agent asks each minute: answers where its machine is. */
    async register(machine: Fields): Promise<Readonly<Record<string, string>>> {
      return done(await json('POST /agent/ns', machine)) as Record<string, string>
    },
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

/** The data of an answer that has to be good. */
export function done(told: Told): unknown {
  expect(told).toMatchObject({ status: 200 })
  return told.data
}

/** Takes an answer out of its envelope, which says what HTTP says. */
export function toldBy({ status, text, headers }: Answer): Told {
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  const body = JSON.parse(text) as { httpstatus: number; data: unknown; msg: string }
  expect(Object.keys(body)).toEqual(['httpstatus', 'data', 'msg'])
  expect(body.httpstatus).toBe(status)
  return { status, data: body.data, msg: body.msg }
}
