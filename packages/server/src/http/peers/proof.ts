/**
 * How a node proves that it knows the cluster's secret: by a keyed hash over who both are and a
 * number of each that was never used before. So a proof is good for one handshake, in one
 * direction, between these two, and tells nothing of the secret to whoever cannot guess it.
 *
 * What follows on the channel is neither signed nor hidden. Where others can change the traffic
 * between nodes, it needs a tunnel.
 *
 * @module
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { PeerIdentity } from '../../instances/index.ts'
import { PROTOCOL } from './constants.ts'

/** Who proves. The one's proof is of no use to the other. */
export type Role = 'dialler' | 'accepter'

/** One end of a handshake, as it introduced itself. */
export interface Party {
  readonly identity: PeerIdentity
  readonly nonce: string
  /** It has a secret, and asks for a proof. */
  readonly proves: boolean
}

/** Both ends of a handshake. */
export type Parties = Readonly<Record<Role, Party>>

/** 256 bits, as text. */
export const NONCE = /^[A-Za-z0-9_-]{43}$/

export function freshNonce(): string {
  return randomBytes(32).toString('base64url')
}

/** The proof of one end; empty where there is no secret to prove. */
export function proofOf(secret: string | undefined, role: Role, parties: Parties): string {
  return secret === undefined ? '' : hash(secret, role, parties).toString('base64url')
}

/** Says whether a proof is that of one end, in a time that does not depend on it. */
export function isProof(
  proof: string,
  secret: string | undefined,
  { role, parties }: { readonly role: Role; readonly parties: Parties },
): boolean {
  if (secret === undefined) return proof === ''
  const shown = Buffer.from(proof, 'base64url')
  const expected = hash(secret, role, parties)
  return shown.length === expected.length && timingSafeEqual(shown, expected)
}

function hash(secret: string, role: Role, { dialler, accepter }: Parties): Buffer {
  // An array in JSON is one text for one list of parts, so no two handshakes look alike.
  const what = JSON.stringify([PROTOCOL, role, ...partsOf(dialler), ...partsOf(accepter)])
  return createHmac('sha256', secret).update(what).digest()
}

function partsOf({ identity: { node, zone, inc, address }, nonce }: Party): unknown[] {
  return [node, zone, inc, address, nonce]
}
