/**
 * Patterns that users supply: where machines register by themselves, and what a search looks for.
 * They run on an engine that takes time linear in the text whatever the pattern (RE2's way),
 * never on that of the language, which a short pattern can keep busy for years.
 *
 * Linear still means instructions times characters, so both are bounded together.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import { LRUCache } from 'lru-cache'
import { RE2JS, RE2JSException, RE2Set } from 're2js'
import { PATTERN_LIMITS } from './limits.ts'
import { weighPattern } from './pattern-weight.ts'

export interface Pattern {
  readonly text: string
  /** Instructions of its program. */
  readonly size: number
  /** Whether it is found anywhere in a text. Never in one of more than a million characters divided by its instructions. */
  find(text: string): boolean
}

/**
 * Compiles a pattern for one use: it is as fast as can be, and takes up to eight megabytes for
 * that. `field` is what the caller calls it. Throws `invalid_argument` with the engine's reason
 * when it is none, and `limit_exceeded` for one that is too long or compiles to too much.
 */
export function compilePattern(text: string, field: string): Pattern {
  const compiled = compile(text, field)
  const size = compiled.programSize()
  const reach = reachOf(size)
  return { text, size, find: (value) => value.length <= reach && compiled.test(value) }
}

/** Patterns that are used again and again. The least used ones are compiled anew, so that those that are kept are bounded. */
export class PatternCache {
  readonly #patterns = new LRUCache<string, Pattern>({
    max: PATTERN_LIMITS.kept,
    maxSize: PATTERN_LIMITS.keptInstructions,
    sizeCalculation: ({ size }) => size,
  })

  /** As `compilePattern`, of less speed and of 64 KiB at most. */
  get(text: string, field: string): Pattern {
    const known = this.#patterns.get(text)
    if (known) return known
    const pattern = smallPattern(text, compile(text, field).programSize())
    this.#patterns.set(text, pattern)
    return pattern
  }

  get size(): number {
    return this.#patterns.size
  }
}

/** Only a set lets its user say how much memory it may take. */
function smallPattern(text: string, size: number): Pattern {
  const compiled = new RE2Set(RE2Set.UNANCHORED, 0, PATTERN_LIMITS.keptBytes)
  compiled.add(text)
  const reach = reachOf(size)
  return { text, size, find: (value) => value.length <= reach && compiled.match(value).length > 0 }
}

function compile(text: string, field: string): RE2JS {
  const { characters, instructions } = PATTERN_LIMITS
  const what = `${field} pattern`
  if (text.length > characters) throw limitExceeded(`${what} characters`, characters, text.length)
  const weight = weighPattern(text)
  // What is told may be three times too much; so the program has a say, unless it is huge.
  if (weight > 4 * instructions) throw limitExceeded(`${what} instructions`, instructions, weight)
  const compiled = parse(text, field)
  const size = compiled.programSize()
  if (size > instructions) throw limitExceeded(`${what} instructions`, instructions, size)
  return compiled
}

function parse(text: string, field: string): RE2JS {
  try {
    return RE2JS.compile(text)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const reason = error.message.replace(/^error parsing regexp: /, '')
    const message = `"${text}" is no pattern that this registry takes: ${reason}.`
    throw invalidArgument(message, { field, reason })
  }
}

/** Of how many characters a text may be, so that no look at it takes longer than a slice or two. */
function reachOf(size: number): number {
  return Math.floor(PATTERN_LIMITS.steps / size)
}
