/**
 * For protocols that have their own way to say what went wrong.
 *
 * @module
 */

import type { RegistryError } from '@rollcall/protocol'
import type { Logger } from '@rollcall/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { expectedFailure } from './foreign-errors.ts'
import type { Readiness } from './readiness.ts'

/** A request that failed. */
export interface Failed {
  readonly request: FastifyRequest
  /** Undefined for a bug, which is logged already. */
  readonly failure: RegistryError | undefined
}

export interface AnswerFailuresOptions {
  readonly readiness: Readiness
  readonly log: Logger
  /** Sends what stands for a failure. */
  readonly answer: (reply: FastifyReply, failed: Failed) => FastifyReply
}

/**
 * Has all failures of the routes that follow answered by `answer`, also that the node is not
 * ready. All but a missing token: that is between HTTP and the client, and stays as it is.
 */
export function answerFailures(
  api: FastifyInstance,
  { readiness, log, answer }: AnswerFailuresOptions,
): void {
  api.addHook('onRequest', (_request, _reply, done) => {
    readiness.check()
    done()
  })
  api.setErrorHandler((error, request, reply) => {
    const failure = expectedFailure(error, request)
    if (failure?.code === 'unauthenticated') throw failure
    if (!failure) {
      const { method, routeOptions } = request
      log.error({ err: error, method, route: routeOptions.url }, 'a request failed; this is a bug')
    }
    return answer(reply, { request, failure })
  })
}
