/**
 * The operations of the API as its own description lists them, so that tests over every
 * route miss none.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify'

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required?: boolean
  readonly schema: unknown
}

export interface Described {
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: unknown }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>
  >
}

export interface Operation extends Described {
  /** `GET /registry/v1/services/{service}` */
  readonly name: string
  readonly method: string
  readonly path: string
}

/** Every operation of `/openapi.json`, in its order. */
export function operationsOf(app: FastifyInstance): Operation[] {
  const paths = app.swagger().paths as Readonly<Record<string, Readonly<Record<string, Described>>>>
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, described]) => {
      const method = verb.toUpperCase()
      return { ...described, name: `${method} ${path}`, method, path }
    }),
  )
}
