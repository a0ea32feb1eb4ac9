/**
 * What a field of the configuration says about itself beyond its JSON schema. It stands in the
 * schema as extra keywords, so that a field is described in one place.
 *
 * @module
 */

import { Type } from 'typebox'

interface CommonNotes {
  /** Sentences for people: what it decides. The first one is what `--help` shows. */
  readonly description: string
}

/** Notes of a field whose value is not a quantity. */
export interface OptionNotes extends CommonNotes {
  /** What stands for the value in `--help`. A switch has none. */
  readonly placeholder?: string
  /** Completes "must be …". Booleans and choices get theirs from their schema. */
  readonly form?: string
  /** What stands for the default where it is not a constant. */
  readonly defaultText?: string
  /** What a change costs. */
  readonly changing: string
  /** Never shown: masked in print, left out of messages. */
  readonly secret?: true
}

/** Notes of a quantity. */
export interface LimitNotes extends CommonNotes {
  readonly unit: string
  /** What a greater value costs. */
  readonly raising: string
  /** What a smaller value costs. */
  readonly lowering: string
}

interface LimitRange {
  readonly minimum?: number
  readonly maximum?: number
}

/** A whole number of at least 1 with a default. */
export function limit(defaultValue: number, notes: LimitNotes, range: LimitRange = {}) {
  const { minimum = 1, maximum = Number.MAX_SAFE_INTEGER } = range
  return Type.Integer({ default: defaultValue, minimum, maximum, ...notes })
}
