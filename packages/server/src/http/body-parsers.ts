/**
 * Reads JSON bodies the way real clients send them: many put a JSON content type on a
 * request that has no body at all.
 *
 * @module
 */

import { inLine, type Clock } from '@rollcall/runtime'
import type { FastifyInstance } from 'fastify'
import { refusal } from './problem.ts'

/** The second is the type of a merge patch (RFC 7396). */
const JSON_TYPES = ['application/json', 'application/merge-patch+json']
/** To read and check a body of more may take milliseconds. */
export const LONG_BODY_CHARS = 65_536

/** Replaces the framework's parsers: JSON only, an empty body is none, poisoned prototypes are refused. */
export function parseJsonBodies(app: FastifyInstance, clock: Pick<Clock, 'after'>): void {
  app.removeAllContentTypeParsers()
  takeAsJson(app, { types: JSON_TYPES, clock })
}

export interface JsonBodies {
  /** Types that are taken for JSON; `*` stands for all that have no parser yet, and for none. */
  readonly types: string | string[]
  /** Of long bodies that arrive together each is read in a turn of the event loop of its own. */
  readonly clock: Pick<Clock, 'after'>
}

/** Takes bodies of these types for JSON. */
export function takeAsJson(app: FastifyInstance, { types, clock }: JsonBodies): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>(types, { parseAs: 'string' }, (request, text, done) => {
    const read = () => {
      if (text.trim() === '') {
        done(null, undefined)
        return
      }
      void parse(request, text, (error, body) => {
        // What the framework says of it speaks of a type, whatever that was.
        if (error) done(refusal('invalid_json', 'The body is not JSON.'))
        else done(null, body)
      })
    }
    if (text.length > LONG_BODY_CHARS) inLine(clock, read)
    else read()
  })
}
