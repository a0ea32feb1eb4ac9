/**
 * The first four frames of a channel:
 *
 *     dialler ── greeting ──▶ accepter      who it is, and a fresh number
 *             ◀── greeting ──
 *             ──── proof ───▶               so that a stranger who dials gets nothing to guess at
 *             ◀─── proof ────
 *
 * Without a secret on either side the proofs are empty. Pure: takes texts, answers what to do.
 *
 * @module
 */

import { isName } from '@rollcall/protocol'
import type { PeerIdentity } from '../../instances/index.ts'
import { PROTOCOL } from './constants.ts'
import { freshNonce, isProof, NONCE, proofOf, type Party, type Role } from './proof.ts'
import type { PeerRefusal } from './refusals.ts'

/** What to do after a frame. `open`: the other end is a peer, to be told `text` if there is one. */
export type HandshakeStep =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'open'; readonly peer: PeerIdentity; readonly text?: string }
  | { readonly kind: 'refuse'; readonly reason: PeerRefusal }

const ADDRESS_MAX_LENGTH = 300

/** One end's part in one handshake. */
export class Handshake {
  readonly #role: Role
  readonly #secret: string | undefined
  readonly #self: Party
  #other: Party | undefined

  constructor(role: Role, identity: PeerIdentity, secret: string | undefined) {
    this.#role = role
    this.#secret = secret
    this.#self = { identity, nonce: freshNonce(), proves: secret !== undefined }
  }

  /** What the dialler says first, and the accepter second. */
  greeting(): string {
    const { identity, nonce, proves } = this.#self
    const { node, zone, inc, address } = identity
    return JSON.stringify({ protocol: PROTOCOL, node, zone, inc, address, nonce, proves })
  }

  /** Takes the next frame of the other end. */
  take(text: string): HandshakeStep {
    const frame = parse(text)
    return this.#other ? this.#takeProof(frame, this.#other) : this.#takeGreeting(frame)
  }

  #takeGreeting(frame: Readonly<Record<string, unknown>>): HandshakeStep {
    const { protocol } = frame
    if (typeof protocol !== 'string' || !protocol.startsWith('rollcall-peer/')) return GARBAGE
    if (protocol !== PROTOCOL) return refuse('other_version')
    const party = readParty(frame)
    if (!party) return GARBAGE
    if (party.proves !== this.#self.proves) return refuse('secret_missing')
    this.#other = party
    if (this.#role === 'accepter') return { kind: 'say', text: this.greeting() }
    return { kind: 'say', text: this.#proof(party) }
  }

  #takeProof({ proof }: Readonly<Record<string, unknown>>, other: Party): HandshakeStep {
    if (typeof proof !== 'string') return GARBAGE
    const role = this.#role === 'dialler' ? 'accepter' : 'dialler'
    const isRight = isProof(proof, this.#secret, { role, parties: this.#parties(other) })
    if (!isRight) return refuse('wrong_secret')
    const peer = other.identity
    return this.#role === 'dialler'
      ? { kind: 'open', peer }
      : { kind: 'open', peer, text: this.#proof(other) }
  }

  #proof(other: Party): string {
    return JSON.stringify({ proof: proofOf(this.#secret, this.#role, this.#parties(other)) })
  }

  #parties(other: Party): Readonly<Record<Role, Party>> {
    const self = this.#self
    return this.#role === 'dialler'
      ? { dialler: self, accepter: other }
      : { dialler: other, accepter: self }
  }
}

const GARBAGE: HandshakeStep = { kind: 'refuse', reason: 'garbage' }

function refuse(reason: PeerRefusal): HandshakeStep {
  return { kind: 'refuse', reason }
}

function readParty({
  node,
  zone,
  inc,
  address,
  nonce,
  proves,
}: Readonly<Record<string, unknown>>): Party | undefined {
  if (typeof node !== 'string' || !isName(node)) return undefined
  if (typeof zone !== 'string' || !isName(zone)) return undefined
  if (!Number.isSafeInteger(inc) || (inc as number) < 0) return undefined
  if (typeof address !== 'string' || address.length > ADDRESS_MAX_LENGTH) return undefined
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) return undefined
  if (typeof proves !== 'boolean') return undefined
  return { identity: { node, zone, inc: inc as number, address }, nonce, proves }
}

/** Reads a frame; one without anything in it where it is no object. */
function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const frame: unknown = JSON.parse(text)
    if (typeof frame !== 'object' || frame === null) return {}
    return frame as Readonly<Record<string, unknown>>
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
