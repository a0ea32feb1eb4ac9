/**
 * Whether a client takes what a route answers.
 *
 * @module
 */

import type { FastifyRequest } from 'fastify'
import { refusal } from '../problem.ts'

const JSON_ONLY = ['application/json']

/** Throws `not_acceptable` where it does not. A route says in `config.answers` what it answers but JSON. */
export function mustAccept(request: FastifyRequest): void {
  const types = request.routeOptions.config.answers ?? JSON_ONLY
  if (request.accepts().type([...types]) !== false) return
  throw refusal('not_acceptable', `Answers are ${types.join(' or ')}; accept that.`)
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types of the answers of a route; JSON where it says nothing. */
    answers?: readonly string[]
  }
}
