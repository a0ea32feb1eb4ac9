/**
 * Opens and closes the port.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyInstance } from 'fastify'

/**
 * Connections that wait to be accepted. Whoever comes when so many wait is tried again by its
 * own system, but only a second later; the kernel may allow less (`net.core.somaxconn`).
 */
const BACKLOG = 4_096

export interface ListenAt {
  readonly host: string
  readonly port: number
}

/** Listens, and answers the URL. Throws `unavailable` when the address cannot be had. */
export async function listen(app: FastifyInstance, { host, port }: ListenAt): Promise<string> {
  try {
    return await app.listen({ host, port, backlog: BACKLOG })
  } catch (error) {
    const reason = REASONS[(error as NodeJS.ErrnoException).code ?? '']
    if (reason === undefined) throw error
    const message = `Cannot listen on ${host}:${port}: ${reason}.`
    throw new RegistryError('unavailable', message, { details: { host, port }, cause: error })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has it; stop that one, or choose another with --http',
  EADDRNOTAVAIL: 'this machine has no such address; choose another with --http',
  EACCES: 'this user may not; choose a port above 1023, or run as one who may',
  ENOTFOUND: 'the name has no address; choose another with --http',
}

/** Takes no more requests, answers those under way, and cuts off what is still there after `withinMs`. */
export async function unlisten(
  app: FastifyInstance,
  clock: Clock,
  withinMs: number,
): Promise<void> {
  const cancel = clock.after(withinMs, () => {
    app.server.closeAllConnections()
  })
  await app.close()
  cancel()
}
