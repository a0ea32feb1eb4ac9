/**
 * Tells a client that used a wrong method on a right path so, instead of that the path is unknown.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify'
import { refusal } from './problem.ts'

/** Collects the methods of every route, and answers the others. Call before the first route, and what it returns after the last. */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const methodsByUrl = new Map<string, Set<string>>()
  const sharedWith = new Map<string, string>()
  let isCollecting = true
  app.addHook('onRoute', ({ url, method, schema, config, prefix }) => {
    // Files of the documentation are matched by anything; what is not there is not found.
    if (!isCollecting || (url.includes('*') && schema?.hide === true)) return
    const methods = methodsByUrl.get(url) ?? new Set()
    methodsByUrl.set(url, methods)
    for (const name of [method].flat()) methods.add(name)
    const shared = config?.sharesPathWith
    if (shared !== undefined) sharedWith.set(url, `${prefix}${shared}`)
  })
  return () => {
    isCollecting = false
    for (const [url, methods] of methodsByUrl) {
      const shared = methodsByUrl.get(sharedWith.get(url) ?? '') ?? new Set()
      const others = app.supportedMethods.filter(
        (method) => !methods.has(method) && !shared.has(method),
      )
      if (others.length === 0) continue
      const allow = [...methods, ...shared].sort().join(', ')
      app.route({
        url,
        method: others,
        schema: { hide: true },
        // Before the body is looked at: whatever it is, the method is what is wrong.
        onRequest: (request, reply) => {
          reply.header('allow', allow)
          const message = `${request.method} is not for this path; use ${allow}.`
          throw refusal('method_not_allowed', message)
        },
        handler: () => {},
      })
    }
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * A path with a parameter that this one would be taken for, by other methods: those go there,
     * so that what the parameter names may have any name.
     */
    sharesPathWith?: string
  }
}
