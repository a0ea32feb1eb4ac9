/**
 * The one record that says which of all that is in the file counts. It is written with every
 * group of commits, last, and a restore takes effect by it.
 *
 * @module
 */

import { Buffer } from 'node:buffer'

/** Of the file's layout; another one is not opened. */
export const FORMAT = 1

export interface StoredState {
  readonly format: number
  /** Whose keys count. */
  readonly generation: number
  /** The revision at which the generation began. */
  readonly base: number
  /** The newest revision. */
  readonly revision: number
  /** The log may lack what is up to here. */
  readonly compacted: number
  /** All bytes that were ever written to the log. */
  readonly logged: number
}

export const FIRST_STATE: StoredState = {
  format: FORMAT,
  generation: 1,
  base: 0,
  revision: 0,
  compacted: 0,
  logged: 0,
}

export function encodeState(state: StoredState): Buffer {
  return Buffer.from(JSON.stringify(state))
}

/** Answers undefined for what is no state of ours. */
export function decodeState(bytes: Uint8Array): StoredState | undefined {
  try {
    const state = JSON.parse(Buffer.from(bytes).toString()) as StoredState
    const { generation, base, revision, compacted, logged } = state
    const isWhole = [generation, base, revision, compacted, logged].every(
      (number) => Number.isSafeInteger(number) && number >= 0,
    )
    return state.format !== FORMAT || isWhole ? state : undefined
  } catch {
    return undefined
  }
}
