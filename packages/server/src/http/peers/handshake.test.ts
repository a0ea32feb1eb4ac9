import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Handshake, type HandshakeStep } from './handshake.ts'

const A = { node: 'a', zone: 'z1', inc: 1, address: 'a:7070' }
const B = { node: 'b', zone: 'z2', inc: 2, address: 'b:7070' }

interface SetUp {
  readonly ours?: string | undefined
  readonly theirs?: string | undefined
  /** Changes a frame on its way, by its number. */
  readonly tamper?: (frame: string, number: number) => string
}

/** Lets two ends talk. Answers what came of it on each side. */
function talk({ ours, theirs, tamper = (frame) => frame }: SetUp) {
  const dialler = new Handshake('dialler', A, ours)
  const accepter = new Handshake('accepter', B, theirs)
  const ends: Record<string, HandshakeStep> = {}
  const frames: string[] = []
  let frame: string | undefined = dialler.greeting()
  for (let number = 0; frame !== undefined; number += 1) {
    frames.push(frame)
    const isDiallers = number % 2 === 1
    const step: HandshakeStep = (isDiallers ? dialler : accepter).take(tamper(frame, number))
    if (step.kind !== 'say') ends[isDiallers ? 'dialler' : 'accepter'] = step
    frame = step.kind === 'refuse' ? undefined : step.text
  }
  return { ...ends, frames }
}

const refused = (reason: string) => ({ kind: 'refuse', reason })

test.each([undefined, 'correct-horse'])(
  'both ends learn who the other is with the secret %s',
  (secret) => {
    const { frames, ...ends } = talk({ ours: secret, theirs: secret })
    expect(ends).toMatchObject({
      dialler: { kind: 'open', peer: B },
      accepter: { kind: 'open', peer: A },
    })
    expect(frames).toHaveLength(4)
    expect(frames.join('')).not.toContain('correct-horse')
  },
)

test('who has another secret is refused before it is shown any proof', () => {
  const { frames, ...ends } = talk({ ours: 'one', theirs: 'other' })
  expect(ends).toEqual({ accepter: refused('wrong_secret') })
  expect(frames).toHaveLength(3)
})

test('a secret on one side only is refused', () => {
  expect(talk({ ours: 'one' })).toMatchObject({ accepter: refused('secret_missing') })
  expect(talk({ theirs: 'one' })).toMatchObject({ accepter: refused('secret_missing') })
})

test('who is dialled and does not know the secret is refused', () => {
  // It lets anybody in, and hopes that nobody asks who it is.
  for (const proof of ['', 'AAAA', 'A'.repeat(43)]) {
    const tamper = (frame: string, number: number) =>
      number === 3 ? JSON.stringify({ proof }) : frame
    expect(talk({ ours: 'one', theirs: 'one', tamper })).toMatchObject({
      dialler: refused('wrong_secret'),
    })
  }
  const noProof = (frame: string, number: number) =>
    number === 1 ? frame.replace('"proves":true', '"proves":false') : frame
  expect(talk({ ours: 'one', theirs: 'one', tamper: noProof })).toMatchObject({
    dialler: refused('secret_missing'),
  })
})

test('a proof is of no use for another handshake, nor in the other direction', () => {
  const before = talk({ ours: 'one', theirs: 'one' }).frames
  for (const number of [2, 3]) {
    const replay = (frame: string, at: number) => (at === number ? (before[number] ?? '') : frame)
    const side = number === 2 ? 'accepter' : 'dialler'
    const ends: Partial<Record<string, unknown>> = talk({
      ours: 'one',
      theirs: 'one',
      tamper: replay,
    })
    expect(ends[side]).toEqual(refused('wrong_secret'))
  }
  let diallers = ''
  const reflect = (frame: string, at: number) => {
    if (at === 2) diallers = frame
    return at === 3 ? diallers : frame
  }
  expect(talk({ ours: 'one', theirs: 'one', tamper: reflect })).toMatchObject({
    dialler: refused('wrong_secret'),
  })
})

test.each(['"node":"a"', '"zone":"z1"', '"inc":1', '"address":"a:7070"'])(
  'nobody on the way can change %s',
  (what) => {
    const changed = what.replace(/1|a(?=[":])/g, (found) => (found === '1' ? '9' : 'x'))
    expect(changed).not.toBe(what)
    const tamper = (frame: string, number: number) =>
      number === 0 ? frame.replace(what, changed) : frame
    expect(talk({ ours: 'one', theirs: 'one', tamper })).toMatchObject({
      accepter: refused('wrong_secret'),
    })
  },
)

test('another version is refused, whatever else it says', () => {
  for (const protocol of ['rollcall-peer/1', 'rollcall-peer/20']) {
    const tamper = (frame: string, number: number) =>
      number === 0 ? JSON.stringify({ protocol, hello: true }) : frame
    expect(talk({ tamper })).toMatchObject({ accepter: refused('other_version') })
    const answer = (frame: string, number: number) =>
      number === 1 ? JSON.stringify({ protocol }) : frame
    expect(talk({ tamper: answer })).toMatchObject({ dialler: refused('other_version') })
  }
})

test.each([
  ['', 0],
  ['hello', 0],
  ['null', 0],
  ['12', 0],
  ['[]', 0],
  ['{}', 0],
  ['{"protocol":"http/1"}', 0],
  ['{"protocol":"rollcall-peer/2"}', 0],
  ['{}', 2],
  ['{"proof":1}', 2],
  ['nothing', 2],
])('%j as frame %d is garbage', (text, at) => {
  const tamper = (frame: string, number: number) => (number === at ? text : frame)
  expect(talk({ ours: 'one', theirs: 'one', tamper })).toMatchObject({
    accepter: refused('garbage'),
  })
})

test('a greeting in which anything was replaced is a sound one or refused', () => {
  const field = fc.constantFrom('node', 'zone', 'inc', 'address', 'nonce', 'proves')
  fc.assert(
    fc.property(field, fc.jsonValue(), (name, value) => {
      const greeting = new Handshake('dialler', A, undefined).greeting()
      const parts = JSON.parse(greeting) as Record<string, unknown>
      parts[name] = value
      const text = JSON.stringify(parts)
      const accepter = new Handshake('accepter', B, undefined)
      const step = accepter.take(text)
      if (step.kind === 'refuse') return
      const end = accepter.take(JSON.stringify({ proof: '' }))
      // As it was told: JSON has no -0.
      const { node, zone, inc, address } = JSON.parse(text) as Record<string, unknown>
      expect(end).toMatchObject({ kind: 'open', peer: { node, zone, inc, address } })
      expect(node).toMatch(/^[A-Za-z0-9._:/-]+$/)
      expect(Number.isSafeInteger(inc)).toBe(true)
    }),
  )
})
