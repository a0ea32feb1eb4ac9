import { mkdirSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { seededRandom } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { encodeEnd } from './codec.ts'
import { DamagedFileError, readTable } from './reader.ts'
import { setUp } from './testing/set-up.ts'

/** A folder with the file of a node that stopped with three instances. */
async function stopped() {
  const disk = setUp()
  const node = disk.node()
  for (const id of ['a', 'b', 'c']) node.register(id)
  await node.stop()
  return { ...disk, whole: disk.bytes() }
}

type Disk = Awaited<ReturnType<typeof stopped>>

/** Starts a node on these bytes, and says what it took and what it left in the folder. */
async function startOn({ path, names, node }: Disk, bytes: Uint8Array | string) {
  writeFileSync(path(), bytes)
  const started = node()
  await started.load()
  return { ids: started.ids(), names: names(), lines: started.lines }
}

/** Ends lines as a writer would, so that only what they say can be wrong. */
function sealed(lines: readonly string[]): string {
  const body = lines.map((line) => `${line}\n`).join('')
  const sha256 = createHash('sha256').update(body).digest('hex')
  return `${body}${encodeEnd(lines.length - 1, sha256)}\n`
}

function linesOf({ whole }: Disk): string[] {
  return whole.toString().split('\n').slice(0, -2)
}

const EMPTY_AND_ASIDE = {
  ids: [],
  names: [expect.stringMatching(/^instances\.ndjson\.damaged-\d+$/)],
}

test('a whole file is taken whole', async () => {
  const disk = await stopped()
  expect(await startOn(disk, disk.whole)).toMatchObject({
    ids: ['a', 'b', 'c'],
    names: ['instances.ndjson'],
  })
  expect(await startOn(disk, sealed(linesOf(disk)))).toMatchObject({ ids: ['a', 'b', 'c'] })
})

const never = new AbortController().signal

test('a file that stops anywhere before its end is damaged', async () => {
  const { whole, path } = await stopped()
  for (let length = 0; length < whole.length; length += 1) {
    writeFileSync(path(), whole.subarray(0, length))
    await expect(readTable(path(), never), `${length} bytes`).rejects.toThrow(DamagedFileError)
  }
})

test('a file with one other byte is damaged', async () => {
  const { whole, path } = await stopped()
  const random = seededRandom(7)
  for (let at = 0; at < whole.length; at += 1) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    writeFileSync(path(), bytes)
    await expect(readTable(path(), never), `byte ${at}`).rejects.toThrow(DamagedFileError)
  }
})

test('whatever was cut off a line, the start says so once and leaves an empty node', async () => {
  const disk = await stopped()
  const { whole } = disk
  for (let end = whole.indexOf('\n'); end !== -1; end = whole.indexOf('\n', end + 1)) {
    const { ids, names, lines } = await startOn(disk, whole.subarray(0, end))
    expect(ids).toEqual([])
    expect(names).not.toContain('instances.ndjson')
    expect(lines.filter((line) => line.startsWith('warn: '))).toHaveLength(1)
  }
})

test.each<[string, (disk: Disk) => Uint8Array | string]>([
  ['an empty file', () => ''],
  ['one byte', () => '\n'],
  ['text', () => 'hello\nworld\n'],
  ['noise', () => Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 7_919) % 256))],
  ['a line without end', () => Buffer.alloc(3_000_000, 'x')],
  ['a line without end before an end', () => `${'x'.repeat(3_000_000)}\n${encodeEnd(0, '')}\n`],
  ['an end line alone', () => `${encodeEnd(0, createHash('sha256').digest('hex'))}\n`],
  ['two files in one', ({ whole }) => Buffer.concat([whole, whole])],
  [
    'another version',
    (disk) => sealed(linesOf(disk).map((l) => l.replace('"version":1', '"version":2'))),
  ],
  ['no header', (disk) => sealed(linesOf(disk).slice(1))],
  [
    'a line that was cut',
    (disk) => sealed(linesOf(disk).map((l, at) => (at === 2 ? l.slice(9) : l))),
  ],
  ['an empty line', (disk) => sealed([...linesOf(disk), ''])],
  ['another status', (disk) => sealed(linesOf(disk).map((l) => l.replace('"up"', '"odd"')))],
  ['a name that is none', (disk) => sealed(linesOf(disk).map((l) => l.replace('"web"', '"a b"')))],
  ['a line less', (disk) => disk.whole.toString().replace(/^\["default.*\n/m, '')],
])('%s is set aside, and the node starts empty', async (_, damage) => {
  const disk = await stopped()
  expect(await startOn(disk, damage(disk))).toMatchObject(EMPTY_AND_ASIDE)
})

test('a line without end is not read to its end', async () => {
  const { path } = setUp()
  writeFileSync(path(), `${'x'.repeat(3_000_000)}\n${encodeEnd(0, '')}\n`)
  await expect(readTable(path(), never)).rejects.toThrow('endless')
})

test('a folder where the file should be is set aside too', async () => {
  const { names, node, path } = setUp()
  mkdirSync(path())
  const started = node()
  await started.load()
  expect(names()).toEqual([expect.stringContaining('.damaged-')])
})

test('three damaged files are kept, the latest among them also when the wall clock went back', async () => {
  const disk = await stopped()
  const { clock } = disk
  for (let round = 0; round < 4; round += 1) {
    clock.bendWall(1_000)
    await startOn(disk, `damage ${round}`)
  }
  clock.bendWall(-3_600_000)
  const { names } = await startOn(disk, 'the latest')
  expect(names).toHaveLength(3)
  expect(names).toContain(`instances.ndjson.damaged-${timeIn(names[0])}`)
  expect(names.map(timeIn).some((ms) => ms < 1_700_000_000_000)).toBe(true)
})

function timeIn(name = ''): number {
  return Number(name.split('damaged-')[1])
}
