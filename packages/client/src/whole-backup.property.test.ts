import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BackupCheck } from './whole-backup.ts'

function fileOf(lines: readonly string[]): Buffer {
  const before = lines.map((line) => `${JSON.stringify({ k: line })}\n`).join('')
  const sha256 = createHash('sha256').update(before).digest('hex')
  const end = { end: true, count: lines.length, sha256, revision: 9 }
  return Buffer.from(`${before}${JSON.stringify(end)}\n`)
}

function read(chunks: readonly Uint8Array[]) {
  const check = new BackupCheck()
  for (const chunk of chunks) check.take(chunk)
  return check.finish()
}

const files = fc
  .array(fc.string(), { maxLength: 8 })
  .map((lines) => ({ lines, file: fileOf(lines) }))
const pieces = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 })

function cut(file: Buffer, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let at = 0
  for (const size of sizes) {
    chunks.push(file.subarray(at, at + size))
    at = Math.min(file.length, at + size)
  }
  return [...chunks, file.subarray(at)]
}

test('a whole backup is one, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(files, pieces, ({ lines, file }, sizes) => {
      const whole = read(cut(file, sizes))
      expect(whole).toEqual({ count: lines.length, revision: 9, bytes: file.length })
    }),
  )
})

test('what was cut off, or changed in one byte, is none', () => {
  const damages = fc.record({ at: fc.nat(), bit: fc.nat(7), isCut: fc.boolean() })
  fc.assert(
    fc.property(files, pieces, damages, ({ file }, sizes, { at, bit, isCut }) => {
      const place = at % file.length
      const damaged = isCut ? file.subarray(0, place) : Buffer.from(file)
      if (!isCut) damaged[place] = (file[place] ?? 0) ^ (1 << bit)
      // Its count and revision are the server's word; nothing else in it may differ.
      const isOfEnd = !isCut && place >= file.lastIndexOf('{"end"')
      fc.pre(!isOfEnd)
      expect(() => read(cut(damaged, sizes))).toThrow(
        expect.objectContaining({ code: 'invalid_backup' }),
      )
    }),
  )
})

test('something endless is refused before it fills the memory', () => {
  const check = new BackupCheck()
  const chunk = Buffer.alloc(1_024 * 1_024, 'x')
  expect(() => {
    for (let times = 0; times < 8; times += 1) check.take(chunk)
  }).toThrow(expect.objectContaining({ code: 'invalid_backup' }))
})
