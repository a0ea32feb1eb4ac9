import { hasCode } from '@rollcall/protocol/errors'
import { seededRandom } from '@rollcall/runtime'
import { describe, expect, test } from 'vitest'
import { fileOf } from '../../testing/backup-files.ts'
import { BackupReader } from './backup-reader.ts'
import { LINE_MAX_BYTES } from './format.ts'

const SEED = 11
const META = { name: 'n', ttlMs: 5_000, state: 'ALIVE', kind: 'native', created: 1 }
const LEASE = { lease: { id: 9, name: 'n', ttlMs: 5_000, kind: 'native' } }

const base64 = (text: string) => Buffer.from(text).toString('base64')
const entry = (k: string, value = '', lease = 0) => ({
  k,
  v: base64(value),
  ...(lease !== 0 && { lease }),
})
const meta = entry('l/9/!meta', JSON.stringify(META), 9)

/** Two keys, one of them on a lease, with its record. */
const GOOD = fileOf([entry('k/a', 'first'), entry('k/b\u{1f600}', 'second', 9), meta, LEASE])

function read(file: Buffer, piece = 64): { keys: string[]; leases: number } {
  const reader = new BackupReader()
  const keys: string[] = []
  for (let at = 0; at < file.length; at += piece) {
    for (const { key } of reader.take(file.subarray(at, at + piece))) keys.push(key)
  }
  return { keys, leases: reader.finish().leases.length }
}

/** Why a file is refused; undefined when it is not. Anything but a refusal fails the test. */
function refusalOf(file: Buffer): { line: unknown; reason: unknown } | undefined {
  try {
    read(file)
    return undefined
  } catch (error) {
    if (!hasCode(error, 'invalid_backup')) throw error
    expect(error.message).toMatch(/^Line \d+: .*\.$/)
    return { line: error.details['line'], reason: error.details['reason'] }
  }
}

test.each([1, 7, 64, 10_000])('a backup is read whole in pieces of %i bytes', (piece) => {
  expect(read(GOOD, piece)).toEqual({ keys: ['k/a', 'k/b\u{1f600}', 'l/9/!meta'], leases: 1 })
})

test('a backup of nothing is one', () => {
  expect(read(fileOf([]))).toEqual({ keys: [], leases: 0 })
})

describe('refused is', () => {
  test('a file that was cut off anywhere', () => {
    for (let length = 0; length < GOOD.length; length += 1) {
      const refusal = refusalOf(GOOD.subarray(0, length))
      expect([length, refusal]).toEqual([length, { line: expect.any(Number), reason: 'truncated' }])
    }
  })

  test('a file with any byte changed, left out or put in', () => {
    const random = seededRandom(SEED)
    for (let at = 0; at < GOOD.length; at += 1) {
      const before = GOOD.subarray(0, at)
      const other = Buffer.from([(GOOD[at] ?? 0) ^ (1 << Math.floor(random() * 8))])
      const damaged = {
        changed: Buffer.concat([before, other, GOOD.subarray(at + 1)]),
        missing: Buffer.concat([before, GOOD.subarray(at + 1)]),
        more: Buffer.concat([before, other, GOOD.subarray(at)]),
      }
      for (const [how, file] of Object.entries(damaged)) {
        expect([SEED, at, how, refusalOf(file)]).not.toContain(undefined)
      }
    }
  })

  test('a file with any line missing, twice, or in another place', () => {
    const lines = GOOD.toString().split('\n').slice(0, -1)
    for (const [at, line] of lines.entries()) {
      const others = lines.toSpliced(at, 1)
      const damaged = [others, lines.toSpliced(at, 0, line), others.toSpliced(at + 1, 0, line)]
      for (const [how, left] of damaged.entries()) {
        if (left.join() === lines.join()) continue
        const file = Buffer.from(`${left.join('\n')}\n`)
        expect([at, how, refusalOf(file)]).not.toContain(undefined)
      }
    }
  })

  test.each<[string, Buffer, [string, number]]>([
    ['nothing', Buffer.alloc(0), ['truncated', 1]],
    ['a text', Buffer.from('Dear diary,\n'), ['header', 1]],
    ['an image', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0a, 0xff, 0x0a]), ['not_utf8', 1]],
    ['JSON of something else', Buffer.from('{"hello":1}\n'), ['header', 1]],
    ['a header with more in it', changed('"generation":1', '"generation":1,"x":1'), ['header', 1]],
    ['a header without a number', changed('"generation":1', '"generation":"1"'), ['header', 1]],
    ['a format of the future', changed('"version":1', '"version":2'), ['newer_version', 1]],
    ['a format that never was', changed('"version":1', '"version":0'), ['header', 1]],
    ['a line without end', Buffer.alloc(LINE_MAX_BYTES + 1, 'x'), ['line_too_long', 1]],
    ['no UTF-8', spoilt([entry('k/a'), '{"k":"k/\uffff"}']), ['not_utf8', 3]],
    ['no JSON', fileOf([entry('k/a'), '{"k"']), ['not_json', 3]],
    ['an array', fileOf(['[1]']), ['not_json', 2]],
    ['an empty line', fileOf(['']), ['not_json', 2]],
    ['an unknown line', fileOf([{ something: 1 }]), ['line', 2]],
    ['a field too many', fileOf([{ ...entry('k/a'), x: 1 }]), ['line', 2]],
    ['a lease 0', fileOf([{ ...entry('k/a'), lease: 0 }]), ['line', 2]],
    ['a lease that is no number', fileOf([{ ...entry('k/a'), lease: '9' }]), ['line', 2]],
    ['a value that is no base64', fileOf([{ k: 'k/a', v: '%' }]), ['value', 2]],
    ['a value without padding', fileOf([{ k: 'k/a', v: 'dg' }]), ['value', 2]],
    ['a value of more than a MiB', fileOf([entry('k/a', 'v'.repeat(1_048_577))]), ['value', 2]],
    ['an empty key', fileOf([entry('')]), ['key', 2]],
    ['a key of users without a name', fileOf([entry('k/')]), ['key', 2]],
    ['a key of 513 bytes', fileOf([entry(`k/${'x'.repeat(513)}`)]), ['key', 2]],
    ['a key beyond what engines take', fileOf([entry(`z/${'x'.repeat(1_200)}`)]), ['key', 2]],
    ['half a character', fileOf([String.raw`{"k":"k/\ud800","v":""}`]), ['key', 2]],
    ['a key of no family', fileOf([entry('hello')]), ['key', 2]],
    ['keys out of order', fileOf([entry('k/b'), entry('k/a')]), ['key_order', 3]],
    ['a key twice', fileOf([entry('k/a'), entry('k/a')]), ['key_order', 3]],
    ['a key after the leases', fileOf([meta, LEASE, entry('y/a')]), ['key_order', 4]],
    ['a candidacy', fileOf([entry('e/x/y')]), ['ephemeral', 2]],
    ['the record of a request', fileOf([entry('q/n/y')]), ['ephemeral', 2]],
    ['a place of a node', fileOf([entry('nodes/1')]), ['ephemeral', 2]],
    ['a pointer of an engine', fileOf([entry('!gen')]), ['ephemeral', 2]],
    ['a member of a group', fileOf([entry('g/x/m/y')]), ['ephemeral', 2]],
    ['an acknowledgement', fileOf([entry('g/x/k/y')]), ['ephemeral', 2]],
    ['a lease that is not listed', fileOf([entry('k/a'), entry('k/b', '', 9)]), ['lease', 3]],
    ['a lease twice', fileOf([meta, LEASE, LEASE]), ['lease', 4]],
    ['a lease of no time', fileOf([lease({ ttlMs: 0 })]), ['lease', 2]],
    ['a lease of years', fileOf([lease({ ttlMs: 1e12 })]), ['lease', 2]],
    ['a lease without a name', fileOf([lease({ name: 1 })]), ['lease', 2]],
    ['a lease of another kind', fileOf([lease({ kind: 'other' })]), ['lease', 2]],
    ['a lease 0 in the list', fileOf([lease({ id: 0 })]), ['lease', 2]],
    ['no key of a lease', fileOf([entry('l/9/x', '', 9), LEASE]), ['key', 2]],
    ['a lease by another spelling', fileOf([entry('l/09/!meta', '', 9), LEASE]), ['key', 2]],
    [
      'a record without its lease',
      fileOf([entry('l/9/!meta', JSON.stringify(META))]),
      ['lease', 2],
    ],
    ['a record that is none', fileOf([entry('l/9/!meta', '{}', 9), LEASE]), ['value', 2]],
    ['a record that is no JSON', fileOf([entry('l/9/!meta', 'x', 9), LEASE]), ['value', 2]],
    ['a raftd key on no lease', fileOf([entry('l/9/k/x')]), ['lease', 2]],
    ['an acknowledgement of a type', fileOf([entry('y/x/!hold')]), ['ephemeral', 2]],
    ['a type that is none', fileOf([entry('y/x', '[')]), ['value', 2]],
    ['a namespace that is none', fileOf([entry('i/a', '{}')]), ['value', 2]],
    ['a namespace in none', fileOf([space('a', 'b'), name('b', 'a', 'a')]), ['namespace', 2]],
    ['a namespace in itself', fileOf([space('a', 'a'), name('a', 'a', 'a')]), ['namespace', 2]],
    [
      'namespaces in each other',
      fileOf([space('a', 'b'), space('b', 'a'), name('a', 'b', 'b'), name('b', 'a', 'a')]),
      ['namespace', 2],
    ],
    ['a namespace without its name', fileOf([space('a', '0')]), ['namespace', 2]],
    ['a name without its namespace', fileOf([name('0', 'a', 'a')]), ['namespace', 2]],
    ['another name', fileOf([space('a', '0'), name('0', 'b', 'a')]), ['namespace', 3]],
    ['another root', fileOf([space('0', '1')]), ['namespace', 2]],
    ['a row of no namespace', fileOf([row('r/a/machine/x')]), ['namespace', 2]],
    ['a row that is none', fileOf([entry('r/1/machine/x', '{"_id":"a"}')]), ['value', 2]],
    ['a row without a type', fileOf([row('r/1/x')]), ['key', 2]],
    ['a count of others', resealed(GOOD, { count: 4 }), ['count', 6]],
    ['a revision of another', resealed(GOOD, { revision: 8 }), ['revision', 6]],
    ['a checksum in other letters', changed(sha(), sha().toUpperCase()), ['checksum', 6]],
    ['an end with spaces', changed('{"end":true', '{ "end":true'), ['checksum', 6]],
    ['an end that is none', changed('"end":true', '"end":1'), ['line', 6]],
    ['a line after the end', Buffer.concat([GOOD, Buffer.from('x\n')]), ['after_end', 7]],
    ['a letter after the end', Buffer.concat([GOOD, Buffer.from('x')]), ['after_end', 7]],
    ['two backups', Buffer.concat([GOOD, GOOD]), ['after_end', 7]],
  ])('%s', (_, file, [reason, line]) => {
    expect(refusalOf(file)).toEqual({ line, reason })
  })
})

test('keys of a family that this version does not know are kept', () => {
  expect(read(fileOf([entry('z/a'), entry('z/b')])).keys).toEqual(['z/a', 'z/b'])
})

test('namespaces and what lies in them are read, also in what every catalog has', () => {
  const lines = [
    space('a', '0'),
    space('b', 'a'),
    name('0', 'a', 'a'),
    name('a', 'b', 'b'),
    row('r/1/machine/x'),
    entry('r/b/!v/deploy', ''),
    row('r/b/deploy/~x'),
    row('t/a/deploy/x'),
    entry('y/deploy', '{"primaryKey":"name"}'),
  ]
  expect(read(fileOf(lines)).keys).toHaveLength(lines.length)
})

function space(id: string, parent: string): object {
  const record = { parent, name: id, kind: 'leaf', comment: '' }
  return entry(`i/${id}`, JSON.stringify(record))
}

function name(parent: string, as: string, id: string): object {
  return entry(`n/${parent}/${as}`, id)
}

function row(key: string): object {
  return entry(key, JSON.stringify({ _id: 'x', props: { hostname: 'x' } }))
}

function lease(how: object): object {
  return { lease: { ...LEASE.lease, ...how } }
}

function changed(from: string, to: string): Buffer {
  const text = GOOD.toString()
  expect(text).toContain(from)
  return Buffer.from(text.replace(from, to))
}

function sha(): string {
  return /"sha256":"(\w+)"/.exec(GOOD.toString())?.[1] ?? ''
}

/** The last line says something else, and is right in all the rest. */
function resealed(file: Buffer, how: object): Buffer {
  const lines = file.toString().split('\n')
  const end = JSON.parse(lines.at(-2) ?? '') as object
  return Buffer.from([...lines.slice(0, -2), JSON.stringify({ ...end, ...how }), ''].join('\n'))
}

/** As `fileOf`, where each U+FFFF becomes a byte that no UTF-8 has. */
function spoilt(lines: readonly (object | string)[]): Buffer {
  const file = fileOf(lines)
  const at = file.indexOf('\uffff')
  return Buffer.concat([file.subarray(0, at), Buffer.from([0xff]), file.subarray(at + 3)])
}
