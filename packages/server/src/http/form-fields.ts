/**
 * The fields of a request, wherever its client put them: a form of either kind, or the query.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'

const MULTIPART = /^multipart\/form-data\b/i
const URL_ENCODED = 'application/x-www-form-urlencoded'

/** Takes the body of every request that follows for a form, whatever its type says. */
export function takeForms(api: FastifyInstance): void {
  api.removeAllContentTypeParsers()
  const parse = ({ headers }: FastifyRequest, body: Buffer): Promise<URLSearchParams> => {
    const type = headers['content-type'] ?? ''
    return readForm(body, MULTIPART.test(type) ? type : URL_ENCODED)
  }
  api.addContentTypeParser('*', { parseAs: 'buffer' }, parse)
}

/** The fields of one request. A value in the form comes before one in the query. */
export class Fields {
  readonly #sources: readonly URLSearchParams[]

  constructor({ url, body }: FastifyRequest) {
    const queryAt = url.indexOf('?')
    const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1))
    this.#sources = body instanceof URLSearchParams ? [body, query] : [query]
  }

  /** Whether it was sent at all, be it empty. */
  has(name: string): boolean {
    return this.#sources.some((source) => source.has(name))
  }

  /** The first value that is not empty; empty where there is none. */
  text(name: string): string {
    for (const source of this.#sources) {
      const value = source.get(name)
      if (value !== null && value !== '') return value
    }
    return ''
  }

  /** A text that must be there. Throws `invalid_argument`. */
  required(name: string): string {
    const text = this.text(name)
    if (text === '') throw invalidArgument(`${name} is missing.`, { field: name })
    return text
  }
}

/** Reads a form with the platform's own reader. Parts that are files count with what is in them. */
async function readForm(body: Buffer, type: string): Promise<URLSearchParams> {
  const form = await new Response(body, { headers: { 'content-type': type } })
    .formData()
    .catch((error: unknown) => {
      throw invalidArgument(`The form cannot be read: ${String(error)}.`)
    })
  const fields = new URLSearchParams()
  for (const [name, value] of form) {
    fields.append(name, typeof value === 'string' ? value : await value.text())
  }
  return fields
}
