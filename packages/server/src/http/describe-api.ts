/**
 * The description of the API, generated from the very schemas that validate.
 *
 * @module
 */

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'

const DESCRIPTION = `A registry for services and resources: what exists, what is alive, who is in
charge, and who works on what. Errors are problem documents (RFC 9457) whose \`code\` never changes meaning.`

/** Collects every route that follows, and serves \`/openapi.json\` and \`/docs\`. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rollcall',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0' },
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
    transform: ({ schema, url }) => ({ schema: withKey(schema), url: url.replace(/\*$/, ':key') }),
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
}

/** The rest of a path has no name for the router; here it is the key. */
function withKey<S extends FastifySchema>(schema: S): S {
  const params = schema?.params as { properties?: Readonly<Record<string, unknown>> } | undefined
  const { '*': key, ...others } = params?.properties ?? {}
  if (key === undefined) return schema
  return { ...schema, params: { ...params, properties: { ...others, key }, required: ['key'] } }
}
