/**
 * Secure by default: a node that others can reach has a token, or an operator who said that
 * it needs none.
 *
 * @module
 */

import { BlockList, isIP } from 'node:net'
import { invalidArgument } from '@rollcall/protocol'

/** What the rule looks at; the configuration of a node has this shape. */
export interface ListenChoice {
  readonly http: { readonly host: string; readonly port: number }
  readonly token?: string | undefined
  readonly insecure: boolean
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Says whether only this machine can reach a host: 127.0.0.0/8, ::1 and the name localhost. */
export function isLoopback(host: string): boolean {
  const version = isIP(host)
  if (version === 0) return host.toLowerCase() === 'localhost'
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/** Throws a `RegistryError` `invalid_argument` when a node would listen off loopback with neither a token nor consent. */
export function assertSafeToListen({ http, token, insecure }: ListenChoice): void {
  if (isLoopback(http.host) || insecure || (token !== undefined && token !== '')) return
  const message = `Refusing to listen on ${http.host}, which other machines can reach: set a secret with --token, or allow everyone with --insecure.`
  throw invalidArgument(message, { host: http.host, port: http.port })
}
