/**
 * A registry as the agents, scripts and pages of lodastack use it: by curl, and nothing else.
 *
 * @module
 */

import { curl, type CurlAnswer, type CurlOptions } from './curl.ts'

/** What stands in the envelope of every answer. */
export interface Envelope {
  readonly httpstatus: number
  readonly data: unknown
  readonly msg: string
}

export type Row = Readonly<Record<string, string>>
export type Fields = Readonly<Record<string, string>>
export type Method = NonNullable<CurlOptions['method']>

export interface TreeNode {
  readonly id: string
  readonly name: string
  readonly type: number
  readonly machinereg: string
  readonly children: readonly TreeNode[]
}

export class Lodastack {
  /** Of the node that is asked; it may change, as behind a balancer. */
  url: string

  constructor(url: string) {
    this.url = url
  }

  /** Answers whatever is answered. Rejects when nothing is. */
  raw(path: string, options: CurlOptions = {}): Promise<CurlAnswer> {
    return curl(`${this.url}/api/v1${path}`, options)
  }

  /** With parameters in the query. Rejects unless it is answered with 200. */
  async ask<T>(method: Method, path: string, fields: Fields = {}): Promise<T> {
    const query = new URLSearchParams(fields).toString()
    return dataOf(`${method} ${path}`, await this.raw(`${path}?${query}`, { method })) as T
  }

  /** With a body of JSON. Rejects unless it is answered with 200. */
  async send<T>(method: Method, path: string, body: unknown): Promise<T> {
    const bytes = Buffer.from(JSON.stringify(body))
    return dataOf(`${method} ${path}`, await this.raw(path, { method, bytes })) as T
  }

  /** Creates namespaces, each by its name, with its type and whom it matches. */
  async grow(
    ...all: readonly (readonly [ns: string, type: '0' | '1', machinereg?: string])[]
  ): Promise<void> {
    for (const [ns, type, machinereg = ''] of all) {
      const [name = '', ...parent] = ns.split('.')
      await this.ask('POST', '/ns', { ns: parent.join('.'), name, type, machinereg })
    }
  }

  tree(): Promise<TreeNode> {
    return this.ask<TreeNode>('GET', '/ns')
  }

  machines(ns: string): Promise<readonly Row[]> {
    return this.ask<readonly Row[]>('GET', '/resource', { ns, type: 'machine' })
  }

  /** Namespaces and ids of a hostname, as an agent is told them. */
  register(hostname: string, more: Fields = {}): Promise<Readonly<Record<string, string>>> {
    return this.send('POST', '/agent/ns', { hostname, ...more })
  }

  /** As agents do it that name an old hostname only when it was another. */
  report(hostname: string, more: object = {}): Promise<null> {
    const report = { oldhostname: '', newhostname: hostname, version: '0.2', ...more }
    return this.send('POST', '/agent/report', report)
  }

  search(fields: Fields): Promise<Readonly<Record<string, readonly Row[]>>> {
    return this.ask('GET', '/resource/search', { ns: 'loda', type: 'machine', ...fields })
  }

  /** The status of a machine, in each of its rows. */
  async statuses(hostname: string): Promise<readonly (string | undefined)[]> {
    const found = await this.search({ k: 'hostname', v: hostname })
    return Object.values(found).flatMap((rows) => rows.map(({ status }) => status))
  }
}

function dataOf(what: string, { status, text }: CurlAnswer): unknown {
  const envelope = JSON.parse(text) as Envelope
  if (status === 200 && envelope.httpstatus === 200) return envelope.data
  throw new Error(`${what} was answered with ${status}: ${text}`)
}
