/**
 * Why is it not there?
 *
 * @module
 */

import { Explanation, Name, Problem } from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { InstancePlane } from '../../instances/index.ts'
import { presentInstance } from '../present-instance.ts'

const ExplainQuery = Type.Object(
  {
    service: Name,
    env: Type.Optional(Name),
    zone: Type.Optional(Name),
    id: Type.Optional(Name),
  },
  { additionalProperties: false },
)

export interface ExplainRoutesOptions {
  readonly node: string
  readonly instances: InstancePlane
}

export const explainRoutes: FastifyPluginAsync<ExplainRoutesOptions> = async (app, options) => {
  const { instances, node } = options

  app.get<{ Querystring: Static<typeof ExplainQuery> }>(
    '/explain',
    {
      schema: {
        summary: 'Why an instance is, or is not, among what clients are shown',
        tags: ['services'],
        querystring: ExplainQuery,
        response: { 200: Explanation, '4xx': Problem },
      },
    },
    (request): Explanation => {
      const { query } = request
      const explained = instances.explain({ ...query, env: query.env ?? instances.place.env })
      const { verdict, sentence, instance, elsewhere, history } = explained
      return {
        verdict,
        sentence,
        ...(instance && { instance: presentInstance(instance) }),
        elsewhere: [...elsewhere],
        history: history.map(({ atMs, event, detail }) => ({
          at: atMs,
          event,
          node,
          ...(detail !== undefined && { detail }),
        })),
        node,
      }
    },
  )
}
