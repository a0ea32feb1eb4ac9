import { hasCode } from '@rollcall/protocol/errors'
import { expect, onTestFinished, test } from 'vitest'
import type { EtcdEngine } from './index.ts'
import type { Commit, KeyValue } from '../../catalog/engine.ts'
import { bytes, contentOf, doAll, put, read, remove } from '../../testing/engine-contract/home.ts'
import { EtcdDoor } from '../../testing/etcd-door.ts'
import { etcdOfFile, runEtcdEngine } from '../../testing/etcd-engines.ts'
import { METHODS } from './methods.ts'

const etcd = etcdOfFile('own')

/** An engine behind a door, which counts the transactions that come by, and another that sees etcd as it is. */
async function setUp() {
  const door = await EtcdDoor.before(etcd.url)
  onTestFinished(() => door[Symbol.asyncDispose]())
  const prefix = etcd.newPrefix()
  const engine = await runEtcdEngine({ url: door.url, prefix })
  const witness = await runEtcdEngine({ url: etcd.url, prefix, node: 'n2' })
  let transactions = 0
  door.decide = ({ path }) => {
    if (path === METHODS.txn.path) transactions += 1
    return 'pass'
  }
  const counted = async (act: () => Promise<unknown>) => {
    const before = transactions
    await act()
    return transactions - before
  }
  const untilPut = async (key: string) => {
    while (!(key in (await contentOf(witness))));
  }
  return { engine, door, counted, untilPut }
}

/** Watches until the test ends. Resolves once the watch brings what is done from now on. */
async function follow(engine: EtcdEngine): Promise<void> {
  const ending = new AbortController()
  const { revision } = await doAll(engine, put('first'))
  const watch = engine.watch(revision, ending.signal)[Symbol.asyncIterator]()
  await watch.next()
  const rest = (async () => {
    while ((await watch.next()).done !== true);
  })().catch((error: unknown) => {
    if (!hasCode(error, 'shutting_down')) throw error
  })
  onTestFinished(async () => {
    ending.abort()
    await rest
  })
}

/** Puts a key and gets it, beside another key that is got and was not put. */
function putAndGet(key: string, value: string): Commit {
  return { compares: [], then: [read('first'), put(key, value), read(key)] }
}

async function gotOf(engine: EtcdEngine, commit: Commit): Promise<KeyValue | undefined> {
  const { revision, results } = await engine.commit(commit)
  const [first, done, got] = results
  expect(first).toMatchObject({ kind: 'got', entry: { key: 'first' } })
  expect(done).toEqual({ kind: 'put' })
  expect(got).toMatchObject({ kind: 'got', entry: { modRevision: revision } })
  return got?.kind === 'got' ? got.entry : undefined
}

test('while it watches, etcd is asked once for a put and since when its key is there', async () => {
  const { engine, counted } = await setUp()
  await follow(engine)
  const calls = await counted(async () => {
    const made = await gotOf(engine, putAndGet('k', '1'))
    expect(made).toEqual({
      key: 'k',
      value: bytes('1'),
      createRevision: made?.modRevision,
      modRevision: made?.modRevision,
      lease: 0,
    })
    const changed = await gotOf(engine, putAndGet('k', ''))
    expect(changed).toMatchObject({ value: bytes(''), createRevision: made?.createRevision })
    await doAll(engine, remove('k'))
    const again = await gotOf(engine, putAndGet('k', '3'))
    expect(again?.createRevision).toBe(again?.modRevision)
  })
  expect(calls).toBe(4)
})

test('commits that went together are each told of their own keys', async () => {
  const { engine } = await setUp()
  await follow(engine)
  const before = await doAll(engine, put('k1'), put('k3'))
  const keys = ['k0', 'k1', 'k2', 'k3']
  const got = await Promise.all(keys.map((key) => gotOf(engine, putAndGet(key, key))))
  expect(got.map((entry) => entry?.key)).toEqual(keys)
  expect(got.map((entry) => entry?.createRevision === before.revision)).toEqual([
    false,
    true,
    false,
    true,
  ])
})

test('where the watch is silent, or there is none, etcd is asked how it was before', async () => {
  const { engine, door, counted } = await setUp()
  await doAll(engine, put('first'))
  const { revision } = await doAll(engine, put('k'))
  const isOfOld = async () => {
    expect(await gotOf(engine, putAndGet('k', 'x'))).toMatchObject({
      value: bytes('x'),
      createRevision: revision,
    })
  }
  expect(await counted(isOfOld)).toBe(2)
  await follow(engine)
  expect(await counted(isOfOld)).toBe(1)
  door.keepEvents()
  expect(await counted(isOfOld)).toBe(2)
})

test('a watch that comes after the answer is waited for', async () => {
  const { engine, door, counted, untilPut } = await setUp()
  await follow(engine)
  door.keepEvents()
  const calls = await counted(async () => {
    const asked = gotOf(engine, putAndGet('k', '1'))
    await untilPut('k')
    door.letEventsThrough()
    expect(await asked).toMatchObject({ key: 'k', value: bytes('1') })
  })
  expect(calls).toBe(1)
})

test('who waits for a watch is still answered when the engine closes', async () => {
  const { engine, door, untilPut } = await setUp()
  await follow(engine)
  door.keepEvents()
  const asked = gotOf(engine, putAndGet('k', '1'))
  await untilPut('k')
  await engine.close()
  expect(await asked).toMatchObject({ key: 'k', value: bytes('1') })
})
