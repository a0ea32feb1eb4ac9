/**
 * Who may call: whoever shows the token of the node, on every route but the two that tell
 * load balancers whether the node lives.
 *
 * @module
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { RegistryError } from '@rollcall/protocol'

/** Routes that need no token. They say nothing but whether the node lives and is ready. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

export interface Credentials {
  /** The path of the request as it came, without the query. */
  readonly path: string
  /** The `Authorization` header. */
  readonly authorizationHeader: string | undefined
}

/** Returns when a request may go on, else throws a `RegistryError` `unauthenticated`. */
export type Authorize = (credentials: Credentials) => void

/** Makes the check for a node's token. Without a token everyone may do everything. */
export function createAuthorize(token: string | undefined): Authorize {
  if (token === undefined) return () => {}
  const expected = digest(token)
  return ({ path, authorizationHeader }) => {
    if (OPEN_PATHS.has(path)) return
    const shown = bearerToken(authorizationHeader)
    if (shown === undefined) {
      const message = 'This node needs a token; send the header "Authorization: Bearer <token>".'
      throw new RegistryError('unauthenticated', message)
    }
    // Digests have one length, so the comparison tells neither the length nor a part of the token.
    if (!timingSafeEqual(digest(shown), expected)) {
      const message =
        'The token in the header "Authorization" is not that of this node; send the one that it was started with.'
      throw new RegistryError('unauthenticated', message)
    }
  }
}

/** Reads the token out of an `Authorization` header; undefined when there is none of the Bearer scheme. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +([!-~]+) *$/i.exec(header)?.[1]
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
