import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import type { Clock } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import type { Entry } from '../entry.ts'
import { LIMITS } from '../../model/limits.ts'
import { warmStartFiles } from './files.ts'
import { readTable } from './reader.ts'
import { setUp } from './testing/set-up.ts'
import { writeTable, type WriteJob } from './writer.ts'

const STEP_MS = 0.5
const HEADER = { node: 'n1', writtenAt: 1, clock: 1 }
const never = new AbortController().signal

/** A clock on which every look at it costs half a millisecond, and rests take none. */
function costlyClock(onRest: () => void = () => {}) {
  let nowMs = 0
  const slices: { workMs: number; restMs: number }[] = []
  let wokeMs = 0
  const clock: Pick<Clock, 'monotonicMs' | 'sleep'> = {
    monotonicMs: () => (nowMs += STEP_MS),
    sleep: (restMs, signal) => {
      slices.push({ workMs: nowMs - wokeMs, restMs })
      wokeMs = nowMs
      onRest()
      return Promise.resolve(!signal.aborted)
    },
  }
  return { clock, slices }
}

function setUpWriter(count: number, onRest?: () => void) {
  const disk = setUp()
  const node = disk.node()
  for (let at = 0; at < count; at += 1) node.register(`i-${at}`, `s-${at % 10}`)
  const files = warmStartFiles(disk.folder)
  const { clock, slices } = costlyClock(onRest)
  const { table } = node.plane.core
  const job: WriteJob = { files, header: HEADER, entries: table.entries(), clock, restFactor: 9 }
  const read = async () => (await readTable(files.file, never))?.instances ?? []
  return { ...disk, node, files, job, slices, table, read }
}

test('works at most 5 ms at a stretch, and rests nine times as long', async () => {
  const { job, slices, read } = setUpWriter(100)
  expect(await writeTable(job, never)).toMatchObject({ count: 100, unsound: 0 })
  expect(slices.length).toBeGreaterThan(5)
  for (const { workMs, restMs } of slices) {
    expect(workMs).toBeLessThanOrEqual(5)
    expect(restMs).toBeGreaterThanOrEqual(9 * (workMs - STEP_MS))
  }
  expect(await read()).toHaveLength(100)
})

test('rests also where there is nothing to write', async () => {
  const { node, job, slices, table } = setUpWriter(100)
  for (const { service, id } of table.entries()) {
    node.plane.cancel({ env: 'default', service: service.name, id })
  }
  expect(await writeTable(job, never)).toMatchObject({ count: 0 })
  expect(slices.length).toBeGreaterThan(5)
})

test('instances that come and go between slices do no harm', async () => {
  let rests = 0
  const set = setUpWriter(200, () => {
    rests += 1
    const entries = [...set.table.entries()]
    // The one after next, the last, and a whole service go; new ones come.
    for (const at of [rests + 1, entries.length - 1]) {
      const entry = entries[at]
      if (entry) set.node.plane.core.drop(entry)
    }
    const gone = entries.filter(({ service }) => rests === 3 && service.name === 's-7')
    for (const entry of gone) set.node.plane.core.drop(entry)
    if (rests < 10) set.node.register(`new-${rests}`, 'new')
  })
  const { job, read, table } = set
  await writeTable(job, never)
  const written = new Set((await read()).map(({ key }) => key.id))
  const there = [...table.entries()].map(({ id }) => id)
  expect(rests).toBeGreaterThan(10)
  expect(there.length).toBeLessThan(190)
  expect(there.filter((id) => !written.has(id))).toEqual([])
})

test('what no reader would take is left out and counted, and does not spoil the file', async () => {
  const { node, job, read } = setUpWriter(3)
  node.register('has a space')
  node.register('nan', 'web', { weight: Number.NaN })
  node.register('wide', 'web', { hostname: '\u20ac'.repeat(LIMITS.hostnameMaxLength) })
  expect(await writeTable(job, never)).toMatchObject({ count: 4, unsound: 2 })
  expect(await read()).toHaveLength(4)
})

test('an abort at any rest leaves the old file and nothing else', async () => {
  for (let after = 1; after <= 6; after += 1) {
    const abort = new AbortController()
    let rests = 0
    const { job, files, names, path, bytes } = setUpWriter(100, () => {
      rests += 1
      if (rests === after) {
        expect(existsSync(files.unfinished)).toBe(true)
        abort.abort()
      }
    })
    writeFileSync(path(), 'the old one')
    expect(await writeTable(job, abort.signal)).toBeUndefined()
    expect(names()).toEqual(['instances.ndjson'])
    expect(bytes().toString()).toBe('the old one')
  }
})

test('an entry that throws leaves the old file, and the bug is not hidden', async () => {
  const { job, path, names, bytes } = setUpWriter(1)
  writeFileSync(path(), 'the old one')
  const entries = (function* (): Iterable<Entry> {
    yield* job.entries
    throw new TypeError('a bug')
  })()
  await expect(writeTable({ ...job, entries }, never)).rejects.toThrow('a bug')
  expect(names()).toEqual(['instances.ndjson'])
  expect(bytes().toString()).toBe('the old one')
})

test('a full disk leaves the old file', async () => {
  const { job, files, path, names, bytes } = setUpWriter(10)
  writeFileSync(path(), 'the old one')
  symlinkSync('/dev/full', files.unfinished)
  await expect(writeTable(job, never)).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(names()).toEqual(['instances.ndjson'])
  expect(bytes().toString()).toBe('the old one')
})
