import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { PATTERN_LIMITS } from './limits.ts'
import { weighPattern } from './pattern-weight.ts'
import { compilePattern, PatternCache, type Pattern } from './patterns.ts'

const BOTH: readonly [string, (text: string) => Pattern][] = [
  ['for one use', (text) => compilePattern(text, 'match')],
  ['that is kept', (text) => new PatternCache().get(text, 'match')],
]

test.each(BOTH)('a pattern %s is found anywhere, unless it says where', (_, compile) => {
  expect(compile('rack[0-9]+').find('web-1.rack7.dc')).toBe(true)
  expect(compile('rack[0-9]+').find('web-1.rack.dc')).toBe(false)
  expect(compile('^rack').find('web-1.rack7.dc')).toBe(false)
  expect(compile('(?i)WEB-1$').find('old.web-1')).toBe(true)
  expect(compile('').find('')).toBe(true)
})

test.each(BOTH)('a pattern %s that is none is refused with the reason', (_, compile) => {
  const reasonOf = (text: string) => {
    try {
      compile(text)
      return undefined
    } catch (error) {
      return (error as { code?: string; details?: unknown }).details
    }
  }
  expect(() => compile('web-(')).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  expect(reasonOf('web-(')).toEqual({ field: 'match', reason: 'missing closing ): `web-(`' })
  // What only backtracking can do is not taken either.
  expect(reasonOf('(a)\\1')).toMatchObject({ reason: expect.stringContaining('\\1') })
  expect(reasonOf('(?=a)')).toMatchObject({ reason: expect.stringContaining('(?=') })
})

test.each(BOTH)('a pattern %s that is long or compiles to much is refused', (_, compile) => {
  const { characters, instructions } = PATTERN_LIMITS
  const tooMuch = expect.objectContaining({ code: 'limit_exceeded' })
  expect(() => compile('a'.repeat(characters + 1))).toThrow(tooMuch)
  expect(() => compile(`(${'a'.repeat(300)}){10}`)).toThrow(tooMuch)
  expect(compile('a'.repeat(characters)).find('a'.repeat(characters))).toBe(true)
  expect(compile('[a-z]{900}').size).toBeLessThanOrEqual(instructions)
  // Weighed beforehand, and not compiled to be counted.
  const huge = `(((${'[a-z]'.repeat(90)}){10}){10}){10}`
  expect(() => compile(huge)).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ limit: instructions }) }),
  )
})

test.each(BOTH)('a pattern %s does not look at a text that would take long', (_, compile) => {
  const pattern = compile('(a+)+b')
  const reach = Math.floor(PATTERN_LIMITS.steps / pattern.size)
  expect(pattern.find(`${'a'.repeat(reach - 1)}b`)).toBe(true)
  expect(pattern.find(`${'a'.repeat(reach)}b`)).toBe(false)
})

test('a pattern that is kept is compiled once, and no more of them are kept than may be', () => {
  const cache = new PatternCache()
  const first = cache.get('web-0', 'match')
  expect(cache.get('web-0', 'match')).toBe(first)
  for (let at = 1; at <= PATTERN_LIMITS.kept + 10; at += 1) cache.get(`web-${at}`, 'match')
  expect(cache.size).toBe(PATTERN_LIMITS.kept)
  expect(cache.get('web-0', 'match')).not.toBe(first)

  // Big ones count as such.
  for (let at = 100; at < 220; at += 1) cache.get(`[a-z]{900}${at}`, 'match')
  expect(cache.size).toBeLessThanOrEqual(PATTERN_LIMITS.keptInstructions / 900)
})

const count = fc.nat(6)
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(
      'a',
      '.',
      '^',
      '$',
      '\\b',
      '\\d',
      '\\pL',
      '\\p{Greek}',
      '\\x{61}',
      '\\(',
      '\\Q(a{9\\E',
      '{',
      '}',
      '[a-z]',
      '[^]({9}]',
      '[]a]',
      '[[:alpha:](]',
      '[\\](]',
      'é',
      '😀',
      'a{,3}',
      '{3',
      '(?i)k',
    ),
    tie('pattern').map((inner) => `(${inner})`),
    tie('pattern').map((inner) => `(?:${inner})`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => one + other),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `${one}|${other}`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '+?'))
      .map(([inner, suffix]) => `(?:${inner})${suffix}`),
    fc
      .tuple(tie('pattern'), count, count)
      .map(([inner, from, more]) => `(?:${inner}){${from},${from + more}}`),
    fc.tuple(tie('pattern'), count).map(([inner, from]) => `(${inner}){${from},}`),
    fc.tuple(tie('pattern'), count).map(([inner, times]) => `${inner}{${times}}`),
    fc.tuple(tie('pattern'), count).map(([inner, times]) => `${inner}{0,${times}}`),
  ),
}))

test('a pattern never weighs more than was told before it was compiled', () => {
  let compiledCount = 0
  fc.assert(
    fc.property(pattern, (text) => {
      const size = sizeOf(text)
      if (size === undefined) return
      compiledCount += 1
      expect(weighPattern(text)).toBeGreaterThanOrEqual(size)
    }),
    { numRuns: 3_000 },
  )
  expect(compiledCount).toBeGreaterThan(1_000)
})

test('what is told is not so much more that useful patterns are refused', () => {
  const ip = '^([0-9]{1,3}\\.){3}[0-9]{1,3}$'
  const uuid = '[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}'
  for (const text of [ip, uuid]) expect(weighPattern(text)).toBeLessThan(4 * (sizeOf(text) ?? 0))
})

function sizeOf(text: string): number | undefined {
  try {
    return RE2JS.compile(text).programSize()
  } catch {
    return undefined
  }
}
