/**
 * Compiles the schemas of the routes. Bodies are taken as they are: nothing is coerced,
 * filled in or dropped. Queries are text, so there numbers and booleans are read from it.
 *
 * @module
 */

import { Ajv } from 'ajv'
import type { FastifyInstance } from 'fastify'

const OPTIONS = { strict: false, removeAdditional: false, useDefaults: false }
// Shared by all servers of a process: what one has compiled, the next need not.
const OF_BODIES = new Ajv({ ...OPTIONS, coerceTypes: false })
const OF_QUERIES = new Ajv({ ...OPTIONS, coerceTypes: true })

/** Sets validation, and makes answers plain JSON: schemas of answers only document them. */
export function validateStrictly(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'querystring' ? OF_QUERIES : OF_BODIES).compile(schema),
  )
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
}
