/**
 * A request that got no answer may still be on its way, and be done whenever it arrives. What its
 * client was told meanwhile has to stay true.
 *
 * @module
 */

import { status as STATUS } from '@grpc/grpc-js'
import { systemClock } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import type { Commit, Restorable } from '../../catalog/engine.ts'
import { bytes, contentOf, doAll, put, read, remove } from '../../testing/engine-contract/home.ts'
import { etcdOfFile, runEtcdEngine } from '../../testing/etcd-engines.ts'
import { EtcdDoor, type DoorCall, type Passage } from '../../testing/etcd-door.ts'
import { askEtcd } from '../../testing/etcd-members.ts'
import type { EtcdEngine } from './index.ts'
import { METHODS } from './methods.ts'

const never = new AbortController().signal
/** Longer than anything is tried. */
const LONG_MS = 60_000
const FULL = {
  code: STATUS.RESOURCE_EXHAUSTED,
  details: 'etcdserver: mvcc: database space exceeded',
}
/** etcd looks at its quota after a request, too: one that used it up is done, and answered so. */
const DONE_AND_FULL: Passage = {
  alter: () => {
    throw Object.assign(new Error('full by now'), FULL)
  },
}
const TOO_LARGE = { code: STATUS.INVALID_ARGUMENT, details: 'etcdserver: request is too large' }
const DENIED = { code: STATUS.PERMISSION_DENIED, details: 'etcdserver: permission denied' }
const NOBODY = { code: STATUS.UNAVAILABLE, details: 'etcdserver: request timed out' }
const etcd = etcdOfFile('copies')

/** An engine behind a door, and another that sees etcd as it is. */
async function setUp() {
  const { url } = etcd
  const prefix = etcd.newPrefix()
  const door = await EtcdDoor.before(url)
  onTestFinished(() => door[Symbol.asyncDispose]())
  let skippedMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skippedMs }
  const engine = await runEtcdEngine({ url: door.url, prefix, clock })
  const witness = await runEtcdEngine({ url, prefix, node: 'n2', clock })
  onTestFinished(() => {
    door.decide = () => 'pass'
  })
  const skip = () => {
    skippedMs += LONG_MS
  }
  return { engine, witness, door, skip }
}

/** Decides on the transactions that put a key, one after the other; the last word stands. */
function onPut(key: string, ...passages: (Passage | (() => Promise<Passage>))[]) {
  let at = 0
  return (call: DoorCall): Passage | Promise<Passage> => {
    const isBatch = call.path === METHODS.txn.path && call.bytes.includes('!lane/')
    if (!isBatch || !call.bytes.includes(`/${key}`)) return 'pass'
    const passage = passages[Math.min(at, passages.length - 1)] ?? 'pass'
    at += 1
    return typeof passage === 'function' ? passage() : passage
  }
}

test.each([
  ['limit_exceeded', TOO_LARGE],
  ['engine_full', FULL],
  ['unavailable', DENIED],
] as const)(
  'what is refused with %s while a copy of it is on its way is never done',
  async (code, refusal) => {
    const { engine, witness, door } = await setUp()
    door.decide = onPut('late', 'keep', refusal)
    await expect(doAll(engine, put('late'))).rejects.toMatchObject({ code })
    expect(door.kept).toBe(1)
    await door.letThrough()
    expect(await contentOf(witness)).toEqual({})
    door.decide = () => 'pass'
    await doAll(engine, put('next'))
    expect(await contentOf(witness)).toEqual({ next: '' })
  },
)

test.each<[string, readonly Passage[]]>([
  ['a copy of it is refused', ['lose', FULL]],
  ['it used up the quota', [DONE_AND_FULL]],
  ['a copy of it used up the quota', ['lose', NOBODY, DONE_AND_FULL]],
])('what was done is answered as done when %s', async (_, passages) => {
  const { engine, witness, door } = await setUp()
  door.decide = onPut('done', ...passages)
  const { revision, succeeded } = await doAll(engine, put('done', 'x'))
  expect(succeeded).toBe(true)
  const { entries } = await witness.range({ prefix: '', limit: 10 })
  expect(entries).toMatchObject([{ key: 'done', modRevision: revision }])
})

test('a lane that was put with the last room that there was is in nobody’s way', async () => {
  const { url } = etcd
  const prefix = etcd.newPrefix()
  const witness = await runEtcdEngine({ url, prefix, node: 'n2' })
  const door = await EtcdDoor.before(url)
  onTestFinished(() => door[Symbol.asyncDispose]())
  let puts = 0
  // A batch and a look name the generation, too.
  door.decide = ({ path, bytes: sent }) => {
    const isOfLane = path === METHODS.txn.path && sent.includes('!lane/n1')
    if (!isOfLane || sent.includes('!gen')) return 'pass'
    puts += 1
    return puts === 1 ? DONE_AND_FULL : FULL
  }
  const engine = await runEtcdEngine({ url: door.url, prefix })
  await doAll(engine, put('a'))
  expect([puts, await contentOf(witness)]).toEqual([1, { a: '' }])
})

test('deletes that go on alone in a full etcd are done once, whatever is still on its way', async () => {
  const { engine, witness, door } = await setUp()
  await doAll(engine, put('old'), put('more'))
  door.decide = onPut('new', 'keep', FULL)
  const [deleted, refused] = await Promise.allSettled([
    doAll(engine, remove('old')),
    doAll(engine, put('new')),
  ])
  expect(deleted).toMatchObject({ value: { results: [{ count: 1 }] } })
  expect(refused).toMatchObject({ reason: { code: 'engine_full' } })
  await doAll(witness, put('old', 'again'))
  await door.letThrough()
  expect(await contentOf(witness)).toEqual({ more: '', old: 'again' })
})

test('what is refused is unknown where it cannot be made sure that no copy of it is done', async () => {
  const { engine, witness, door } = await setUp()
  const isTxn = ({ path }: DoorCall) => path === METHODS.txn.path
  const first = onPut('late', 'keep', FULL)
  door.decide = (call) =>
    isTxn(call) && call.bytes.includes('/late') ? first(call) : lanePuts(call)
  const lanePuts = (call: DoorCall): Passage =>
    door.kept > 0 && isTxn(call) && call.bytes.includes('!lane/n1') ? FULL : 'pass'
  await expect(doAll(engine, put('late'))).rejects.toMatchObject({ code: 'outcome_unknown' })
  await door.letThrough()
  expect(await contentOf(witness)).toEqual({ late: '' })
  door.decide = () => 'pass'
  await doAll(engine, put('next'))
})

test('of a batch that is split, one half may be unknown, and the other is done all the same', async () => {
  const { engine, witness, door, skip } = await setUp()
  let tries = 0
  door.decide = ({ path, bytes }) => {
    const has = (key: string) => path === METHODS.txn.path && bytes.includes(`/${key}`)
    if (has('first') && has('second')) return TOO_LARGE
    if (!has('first')) return 'pass'
    tries += 1
    if (tries === 2) skip()
    return tries === 1 ? 'keep' : NOBODY
  }
  const answers = await Promise.allSettled([
    doAll(engine, put('first')),
    doAll(engine, put('second')),
  ])
  expect(answers).toMatchObject([
    { reason: { code: 'outcome_unknown' } },
    { value: { succeeded: true } },
  ])
  await door.letThrough()
  expect(await contentOf(witness)).toEqual({ second: '' })
})

test('a batch that was done before a restore is judged by the content of before', async () => {
  const { engine, witness, door } = await setUp()
  await doAll(engine, put('old', '1'))
  const { revision: before } = await doAll(engine, put('x'))
  const restoring = async (): Promise<Passage> => {
    await witness.restore(sourceOf('new'), never)
    while (engine.status().generation === 1) await systemClock.sleep(10, never)
    return 'pass'
  }
  const following = follow(engine, before)
  door.decide = onPut('late', 'lose', restoring)
  const commit: Commit = {
    compares: [{ kind: 'exists', key: 'old', exists: true }],
    then: [put('late'), read('old')],
  }
  const { revision, succeeded, results } = await engine.commit(commit)
  expect([succeeded, results[1]]).toMatchObject([true, { entry: { key: 'old' } }])
  expect(revision).toBe(before + 1)
  expect(await contentOf(witness)).toEqual({ new: '' })
  await following
})

test('a revocation that got no answer may be done at any later time, and says so', async () => {
  const { engine, witness, door } = await setUp()
  const { id } = await engine.leases.grant({ ttlMs: 60_000 })
  await doAll(engine, put('leased', '', id))
  door.decide = ({ path }) => (path === METHODS.revoke.path ? 'keep' : 'pass')
  await expect(engine.leases.revoke(id)).rejects.toMatchObject({ code: 'outcome_unknown' })
  await door.letThrough()
  expect(await contentOf(witness)).toEqual({})
})

test.each([
  ['done', 'lose', 'new'],
  ['still on its way', 'keep', 'old'],
] as const)(
  'a restore whose last step got no answer and is %s leaves one content, whole',
  async (_, passage, left) => {
    const { engine, witness, door, skip } = await setUp()
    await doAll(engine, put('old'))
    door.decide = ({ path, bytes }) => {
      if (path !== METHODS.txn.path || !bytes.includes('"gen":2')) return 'pass'
      if (door.kept > 0) skip()
      return passage
    }
    const restoring = engine.restore(sourceOf('new'), never)
    const skipping = systemClock.after(1_000, skip)
    await expect(restoring).rejects.toMatchObject({ code: 'outcome_unknown' })
    skipping()
    await door.letThrough()
    expect(await contentOf(witness)).toEqual({ [left]: '' })
    door.decide = () => 'pass'
    await engine.restore(sourceOf('newer'), never)
    expect(await contentOf(witness)).toEqual({ newer: '' })
  },
)

test('a restore whose last step used up the quota is done', async () => {
  const { engine, witness, door } = await setUp()
  await doAll(engine, put('old'))
  door.decide = ({ path, bytes: sent }) =>
    path === METHODS.txn.path && sent.includes('"gen":2') ? DONE_AND_FULL : 'pass'
  await engine.restore(sourceOf('new'), never)
  expect(await contentOf(witness)).toEqual({ new: '' })
})

test('a read that needs a fence is refused, and not unknown, where that gets no answer', async () => {
  const { engine, door } = await setUp()
  const { url } = etcd
  // The newest revision is now somebody else's.
  await askEtcd(url, 'kv/put', { key: Buffer.from('/elsewhere').toString('base64'), value: '' })
  let fences = 0
  door.decide = ({ path, bytes }) => {
    if (path !== METHODS.txn.path || !bytes.includes('!lane/n1')) return 'pass'
    fences += 1
    return NOBODY
  }
  await expect(engine.revision()).rejects.toMatchObject({ code: 'unavailable' })
  expect(fences).toBeGreaterThan(0)
})

test('once it is known that nobody answers, whoever asks is told so without asking', async () => {
  const { engine, door } = await setUp()
  let asked = 0
  door.decide = ({ path }) => {
    if (path === METHODS.txn.path) asked += 1
    return NOBODY
  }
  while (engine.status().broken === undefined) await systemClock.sleep(10, never)
  const before = asked
  for (const ask of [
    () => engine.revision(),
    () => engine.range({ prefix: '', limit: 1 }),
    () => doAll(engine, put('a')),
  ]) {
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' })
  }
  expect(asked).toBe(before)
  door.decide = () => 'pass'
  while (engine.status().broken !== undefined) await systemClock.sleep(10, never)
  await doAll(engine, put('a'))
  expect(await engine.revision()).toBeGreaterThan(0)
})

function sourceOf(...keys: readonly string[]): Restorable {
  return {
    revision: 1,
    leases: [],
    async *pages() {
      await Promise.resolve()
      yield keys.map((key) => ({ key, value: bytes(''), lease: 0 }))
    },
  }
}

/** Follows as a view does, which is how a node comes to know of a restore; ends with it. */
async function follow(engine: EtcdEngine, from: number): Promise<void> {
  try {
    for await (const _ of engine.watch(from, never));
  } catch {
    // The content was replaced.
  }
}
