/**
 * What clients wait for: one app, or several at once.
 *
 * @module
 */

import { invalidArgument, LIMITS } from '@rollcall/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { whenGone } from '../when-gone.ts'
import { envelope, send, sendShared, type SharedAnswers } from './answers.ts'
import { NOT_FOUND, NOT_MODIFIED, OK } from './codes.ts'
import { Parameters, parseInt64 } from './parameters.ts'
import type { Found, Poll, Polls } from './polls.ts'
import { byApp, serialsOf } from './read-routes.ts'

const schema = { hide: true }

export interface PollRoutesOptions {
  readonly polls: Polls
  readonly answers: SharedAnswers
}

export function addPollRoutes(app: FastifyInstance, { polls, answers }: PollRoutesOptions): void {
  app.get('/poll', { schema }, async (request, reply) => {
    const parameters = new Parameters(request)
    const service = parameters.name('appid')
    const since = new Map([[service, parameters.int64('latest_timestamp')]])
    const poll = readPoll(request, reply, { parameters, since })
    if (!polls.body(poll, service).exists) return notFound(request, reply, service)
    reply.waitedOnPurpose = true
    const found = await polls.wait(poll)
    const [body] = found?.changed ?? []
    if (!body) return notModified(request, reply)
    if (!body.exists) return notFound(request, reply, service)
    const answer = answers.get(`poll ${body.serial}`, () => envelope(OK, body.json))
    return sendShared(request, reply, answer)
  })

  app.get('/polls', { schema }, async (request, reply) => {
    const parameters = new Parameters(request)
    const since = readTimes(parameters)
    const poll = readPoll(request, reply, { parameters, since })
    reply.waitedOnPurpose = true
    const found = await polls.wait(poll)
    if (!found) return notModified(request, reply)
    const key = `polls ${serialsOf(found.changed)} ${found.missing.join(' ')}`
    return sendShared(
      request,
      reply,
      answers.get(key, () => encode(found)),
    )
  })
}

/** This one answer has no `ttl`, and says in `error` of which apps there is nothing. */
function encode({ changed, missing }: Found): string {
  const error = JSON.stringify({ [NOT_FOUND]: missing.length > 0 ? missing : null })
  return `{"code":${OK},"data":${byApp(changed)},"error":${error},"message":"${OK}"}`
}

function readPoll(
  request: FastifyRequest,
  reply: FastifyReply,
  { parameters, since }: { parameters: Parameters; since: Poll['since'] },
): Poll {
  const hostname = parameters.shortText('hostname', LIMITS.hostnameMaxLength)
  if (hostname === '') throw invalidArgument('hostname is missing.', { field: 'hostname' })
  return {
    env: parameters.name('env'),
    zone: parameters.optionalName('zone'),
    since,
    address: request.ip,
    hostname,
    gone: (then) => whenGone(request.raw, reply.raw, then),
  }
}

/** Each app with its time, the smaller where one is named twice. Throws `invalid_argument` where they are not as many. */
function readTimes(parameters: Parameters): ReadonlyMap<string, bigint> {
  const name = 'latest_timestamp'
  const apps = parameters.names('appid', LIMITS.watchServicesMax)
  const times = parameters.list(name).map((text) => parseInt64(name, text))
  if (times.length !== apps.length) {
    throw invalidArgument(`${name} must be given once for each appid.`, { field: name })
  }
  const since = new Map<string, bigint>()
  apps.forEach((app, at) => {
    const time = times[at] ?? 0n
    const known = since.get(app)
    since.set(app, known !== undefined && known < time ? known : time)
  })
  return since
}

function notModified(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return send(request, reply, { code: NOT_MODIFIED, json: envelope(NOT_MODIFIED) })
}

/** Says in words what there is none of, as the original does here alone. */
function notFound(request: FastifyRequest, reply: FastifyReply, app: string): FastifyReply {
  const json = JSON.stringify({ code: NOT_FOUND, message: `${app} not found` })
  return send(request, reply, { code: NOT_FOUND, json })
}
