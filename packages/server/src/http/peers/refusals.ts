/**
 * Why somebody is not, or may not be, a peer; and how that is told over the wire, by the code of
 * a WebSocket's close. The codes stay what they are in every version of the protocol, or two
 * versions could not even tell each other so.
 *
 * @module
 */

export const PEER_REFUSALS = [
  'other_version',
  'secret_missing',
  'wrong_secret',
  'garbage',
  'too_big',
  'silent',
] as const
export type PeerRefusal = (typeof PEER_REFUSALS)[number]

const CODES: Readonly<Record<PeerRefusal, number>> = {
  other_version: 4_001,
  secret_missing: 4_002,
  wrong_secret: 4_003,
  garbage: 4_004,
  silent: 4_005,
  // As the standard has it.
  too_big: 1_009,
}

const SENTENCES: Readonly<Record<PeerRefusal, string>> = {
  other_version: 'it speaks another version of the protocol; run one release on all nodes',
  secret_missing: 'one of the two has a --cluster-secret and the other has none',
  wrong_secret: 'it has another --cluster-secret',
  garbage: 'one of the two said what no node says; is there something in between?',
  too_big: 'one of the two sent a message that is too big',
  silent: 'one of the two said nothing',
}

/** The reason that a close with this code tells; undefined where it is an end like any other. */
export function refusalOf(code: number): PeerRefusal | undefined {
  // What a WebSocket finds wrong by itself: a broken frame, bytes that are no text.
  if (code === 1_002 || code === 1_003 || code === 1_007) return 'garbage'
  return PEER_REFUSALS.find((reason) => CODES[reason] === code)
}

export function closeCode(reason: PeerRefusal): number {
  return CODES[reason]
}

/** The reason for people, about whoever is at the other end. */
export function refusalSentence(reason: PeerRefusal): string {
  return SENTENCES[reason]
}
