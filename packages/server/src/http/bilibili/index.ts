/**
 * The protocol of bilibili's discovery, under `/discovery`: its clients find here what they
 * know. `docs/reference/bilibili.md` says what differs and why.
 *
 *      request ─▶ parameters ─▶ write-routes ─────────────────▶ the instance plane
 *                          ├─▶ read-routes ─┬─▶ app-bodies ◀── latest-times, traffic-plans
 *                          └─▶ poll-routes ─┴─▶ polls
 *
 * @module
 */

import type { Clock, Logger } from '@rollcall/runtime'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify'
import type { InstancePlane } from '../../instances/index.ts'
import { answerFailures, type Failed } from '../answer-failures.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Readiness } from '../readiness.ts'
import type { Waiters } from '../waiters.ts'
import { checkCallback, envelope, send, SharedAnswers } from './answers.ts'
import { AppBodies } from './app-bodies.ts'
import { CODE_OF, SERVER_ERROR } from './codes.ts'
import { LatestTimes } from './latest-times.ts'
import { addPollRoutes } from './poll-routes.ts'
import { Polls } from './polls.ts'
import { addReadRoutes } from './read-routes.ts'
import { ToldEmpties } from './told-empties.ts'
import { TrafficPlans } from './traffic-plans.ts'
import { addWriteRoutes } from './write-routes.ts'

export { TrafficPlanFile } from './traffic-plan-file.ts'
export { TrafficPlans, type TrafficPlan } from './traffic-plans.ts'

export interface BilibiliOptions {
  readonly instances: InstancePlane
  readonly cluster?: ClusterView | undefined
  readonly readiness: Readiness
  readonly waiters: Waiters
  readonly clock: Clock
  readonly log: Logger
  /** Without them no app has a plan. */
  readonly trafficPlans?: TrafficPlans | undefined
}

export const bilibiliRoutes: FastifyPluginAsync<BilibiliOptions> = async (app, options) => {
  const { instances, cluster, clock, waiters, trafficPlans: plans = new TrafficPlans() } = options
  const latestTimes = new LatestTimes()
  const bodies = new AppBodies({ instances, plans, latestTimes })
  const answers = new SharedAnswers()
  const polls = new Polls({ instances, bodies, plans, told: new ToldEmpties(), clock, waiters })
  // Before any poll subscribes, so that each finds the app's time raised.
  plans.subscribe((key) => {
    latestTimes.raise(key, instances.snapshot(bodies.sourceOf(key)), clock.wallMs())
  })
  await app.register(
    async (api) => {
      takeAnyBody(api)
      answerFailures(api, { ...options, answer: fail })
      api.addHook('onRequest', (request, _reply, done) => {
        checkCallback(request)
        done()
      })
      addWriteRoutes(api, instances)
      addReadRoutes(api, { instances, cluster, bodies, answers })
      addPollRoutes(api, { polls, answers })
    },
    { prefix: '/discovery' },
  )
}

/** JSON is read by the app's own parser; everything else is taken for a form, whatever its type says. */
function takeAnyBody(api: FastifyInstance): void {
  api.addContentTypeParser<string>('*', { parseAs: 'string' }, (_request, text, done) => {
    done(null, text)
  })
}

function fail(reply: FastifyReply, { failure, request }: Failed): FastifyReply {
  const code = failure ? CODE_OF[failure.code] : SERVER_ERROR
  return send(request, reply, { code, json: envelope(code) })
}
