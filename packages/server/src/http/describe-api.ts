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
    transform: ({ schema, url }) => {
      const name = nameOfRest(schema)
      return { schema: withRest(schema, name), url: url.replace(/\*$/, `:${name}`) }
    },
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
}

type Params = { readonly properties?: Readonly<Record<string, { readonly title?: string }>> }

/** The rest of a path has no name for the router; its schema may have one as its title. */
function nameOfRest(schema: FastifySchema): string {
  return (schema?.params as Params | undefined)?.properties?.['*']?.title ?? 'key'
}

function withRest<S extends FastifySchema>(schema: S, name: string): S {
  const params = schema?.params as Params | undefined
  const { '*': rest, ...others } = params?.properties ?? {}
  if (rest === undefined) return schema
  const { title: _title, ...described } = rest
  return {
    ...schema,
    params: { ...params, properties: { ...others, [name]: described }, required: [name] },
  }
}
