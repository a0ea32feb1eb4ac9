/**
 * Secure by default: a node that others can reach has a token, and a secret that other nodes
 * know, or an operator who said that it needs none.
 *
 * @module
 */

import { BlockList, isIP } from 'node:net'
import { invalidArgument } from '@rollcall/protocol'

/** What the rule looks at; the configuration of a node has this shape. */
export interface ListenChoice {
  readonly http: { readonly host: string; readonly port: number }
  readonly token?: string | undefined
  /** Other nodes that it is told of. */
  readonly peers?: readonly string[]
  readonly clusterSecret?: string | undefined
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

/**
 * Throws a `RegistryError` `invalid_argument` when a node would listen off loopback with neither
 * a token nor consent, or with peers and neither a cluster secret nor consent.
 */
export function assertSafeToListen(choice: ListenChoice): void {
  const { http, peers = [], insecure } = choice
  if (isLoopback(http.host) || insecure) return
  const reachable = `Refusing to listen on ${http.host}, which other machines can reach`
  const details = { host: http.host, port: http.port }
  if (isMissing(choice.token)) {
    const message = `${reachable}: set a secret with --token, or allow everyone with --insecure.`
    throw invalidArgument(message, details)
  }
  if (peers.length > 0 && isMissing(choice.clusterSecret)) {
    const message = `${reachable}, with --peers but without a secret of the cluster: set the same one on every node with --cluster-secret, or let everyone join with --insecure.`
    throw invalidArgument(message, details)
  }
}

/**
 * Says whether others may come in as nodes of the cluster, who need no token then: where other
 * machines can reach the node only with the cluster's secret, or by an operator's consent.
 */
export function mayAdmitPeers({ http, clusterSecret, insecure }: ListenChoice): boolean {
  return isLoopback(http.host) || insecure || !isMissing(clusterSecret)
}

function isMissing(secret: string | undefined): boolean {
  return secret === undefined || secret === ''
}
