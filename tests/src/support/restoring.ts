/**
 * A restore over a connection of its own, and how far the node says it is.
 *
 * @module
 */

import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { API_BASE, type Problem, type RestoreAnswer, type RestoreStatus } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { Client } from 'undici'

const WITHIN_MS = 60_000

export interface RestoreEnd {
  readonly status: number
  readonly body: RestoreAnswer | Problem
}

/** An upload that a test may hold up. Disposing breaks it off. */
export class Restoring implements AsyncDisposable {
  readonly #url: string
  readonly #request: ClientRequest
  readonly #client: Client
  /** Undefined where the connection was lost before there was an answer. */
  readonly ended: Promise<RestoreEnd | undefined>

  /** Announces a file of a length; nothing of it is sent yet. */
  constructor(url: string, bytes: number, query = '') {
    this.#url = url
    this.#client = new Client(url)
    this.#request = request(`${url}${API_BASE}/restore${query}`, {
      method: 'POST',
      headers: { 'content-length': bytes },
      agent: false,
    })
    this.ended = endOf(this.#request).catch(() => undefined)
    this.#request.on('error', () => {})
  }

  send(bytes: Uint8Array): void {
    this.#request.write(bytes)
  }

  /** The answer that has to come. */
  async answer(): Promise<RestoreEnd> {
    const end = await this.ended
    if (!end) throw new Error(`${this.#url} did not answer the restore.`)
    return end
  }

  async status(): Promise<RestoreStatus> {
    const { body } = await this.#client.request({ method: 'GET', path: `${API_BASE}/restore` })
    return (await body.json()) as RestoreStatus
  }

  /** Asks over and over, as fast as it is answered. */
  async untilIt(what: string, isSo: (status: RestoreStatus) => boolean): Promise<RestoreStatus> {
    const look = async () => {
      const status = await this.status()
      return isSo(status) ? status : undefined
    }
    return until(`the restore ${what}`, look, { withinMs: WITHIN_MS, everyMs: 0 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#request.destroy()
    await this.#client.destroy()
  }
}

/** Restores a file and answers how that ended. */
export async function restoreWhole(url: string, file: Buffer, query = ''): Promise<RestoreEnd> {
  await using restoring = new Restoring(url, file.length, query)
  restoring.send(file)
  return await restoring.answer()
}

async function endOf(sent: ClientRequest): Promise<RestoreEnd> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const body = JSON.parse(await text(response)) as RestoreEnd['body']
  return { status: response.statusCode ?? 0, body }
}
