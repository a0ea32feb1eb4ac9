/**
 * Reads JSON bodies the way real clients send them: many put a JSON content type on a
 * request that has no body at all.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify'
import { refusal } from './problem.ts'

/** The second is the type of a merge patch (RFC 7396). */
const JSON_TYPES = ['application/json', 'application/merge-patch+json']

/** Replaces the framework's parsers: JSON only, an empty body is none, poisoned prototypes are refused. */
export function parseJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  takeAsJson(app, JSON_TYPES)
}

/** Takes bodies of these types for JSON; `*` stands for all that have no parser yet, and for none. */
export function takeAsJson(app: FastifyInstance, types: string | string[]): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>(types, { parseAs: 'string' }, (request, text, done) => {
    if (text.trim() === '') {
      done(null, undefined)
      return
    }
    void parse(request, text, (error, body) => {
      // What the framework says of it speaks of a type, whatever that was.
      if (error) done(refusal('invalid_json', 'The body is not JSON.'))
      else done(null, body)
    })
  })
}
