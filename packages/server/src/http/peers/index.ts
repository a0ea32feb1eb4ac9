/**
 * Channels between the nodes of a cluster: the real implementation of the replication's port.
 *
 * @module
 */

export type { PeerAcceptor } from './door.ts'
export { PEER_REFUSALS, type PeerRefusal } from './refusals.ts'
export {
  createPeerTransport,
  type PeerTransportOptions,
  type WsPeerTransport,
} from './ws-peer-transport.ts'
