/**
 * What a pattern will weigh once it is compiled, told from its text alone. Counted repetitions
 * are copied by the compiler, so that a line of text may become a million instructions; who
 * learns that from the compiler has already paid for it.
 *
 * It may tell too much, never too little, and judges no syntax: that is the engine's business.
 *
 * @module
 */

/** Instructions around every program. */
const FRAME = 4
/** A group, a branch of an alternation, a star. */
const STEP = 2
const REPETITION = /\{(\d{1,4})(?:,(\d{0,4}))?\}/y
const QUOTED = /\\Q[^]*?(?:\\E|$)/y
const ESCAPED = /\\(?:[pPx]\{[^}]*\}|[^]|$)/uy
/** A bracket right after the start is a character; so is every one in the name of a class. */
const CHARACTER_CLASS = /\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*(?:\]|$)/uy
const ANY = /[^]/uy

/** How many instructions the engine makes of a pattern, at most. */
export function weighPattern(text: string): number {
  /** Of each group that is open: what is before it. */
  const outer: number[] = []
  let sum = 0
  let last = 0
  const add = (weight: number) => {
    sum += last
    last = weight
  }
  for (let at = 0; at < text.length;) {
    const token = tokenAt(text, at)
    at += token.length
    const [first] = token
    if (first === '(' && token.length === 1) {
      outer.push(sum + last)
      sum = 0
      last = 0
    } else if (first === ')') {
      const inner = sum + last + STEP
      sum = outer.pop() ?? 0
      last = inner
    } else if (token === '|') add(STEP)
    else if (token === '*' || token === '+' || token === '?') last += STEP
    else if (first === '{' && token.length > 1) last = repeated(last, token)
    else add(token.startsWith('\\Q') ? token.length : 1)
  }
  return outer.reduce((all, weight) => all + weight, sum + last) + FRAME
}

function tokenAt(text: string, at: number): string {
  const first = text.charAt(at)
  if (first === '\\') return matchAt(QUOTED, text, at) ?? matchAt(ESCAPED, text, at) ?? first
  if (first === '[') return matchAt(CHARACTER_CLASS, text, at) ?? first
  if (first === '{') return matchAt(REPETITION, text, at) ?? first
  return matchAt(ANY, text, at) ?? first
}

function matchAt(expression: RegExp, text: string, at: number): string | undefined {
  expression.lastIndex = at
  return expression.exec(text)?.[0]
}

/** Each copy may be one that can be left out, and the last one may be repeated. */
function repeated(weight: number, token: string): number {
  const [, least = '0', most = least] = token.split(/[{},]/)
  return (weight + STEP) * Math.max(Number(least), Number(most), 1)
}
