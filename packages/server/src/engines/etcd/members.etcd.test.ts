import { silentLog, start, systemClock, systemRandom } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { hasCode } from '@rollcall/protocol/errors'
import type { Batch, Commit } from '../../catalog/engine.ts'
import { contentOf, doAll, put, remove } from '../../testing/engine-contract/home.ts'
import { EtcdMembers, type EtcdMembersOptions } from '../../testing/etcd-members.ts'
import { openEtcdEngine, type EtcdEngine } from './index.ts'

const never = new AbortController().signal
const pause = (ms: number) => systemClock.sleep(ms, never)

async function setUp(options: Partial<EtcdMembersOptions> = {}) {
  const etcd = await EtcdMembers.start({ release: 'trixie', members: 3, ...options })
  onTestFinished(() => etcd[Symbol.asyncDispose]())
  const parts = { clock: systemClock, random: systemRandom, log: silentLog }
  const access = { endpoints: etcd.endpoints }
  const open = async (node: string) => {
    const engine = await openEtcdEngine({ ...parts, prefix: '/members', node, access })
    const running = start(engine)
    const stop = async () => {
      await running[Symbol.asyncDispose]()
    }
    onTestFinished(stop)
    return { engine, stop }
  }
  return { etcd, open, ...(await open('n1')) }
}

/** Counts a key up for as long as it may; a commit that compares falsely would be one done twice. */
async function countUp(engine: EtcdEngine, key: string, until: AbortSignal) {
  const chain = { revision: 0, done: 0 }
  while (!until.aborted) {
    const compare = { kind: 'revision', key, of: 'mod', is: '=' } as const
    const commit: Commit = {
      compares: [{ ...compare, revision: chain.revision }],
      then: [put(key, String(chain.done + 1))],
    }
    try {
      const { succeeded, revision } = await engine.commit(commit)
      expect(succeeded).toBe(true)
      chain.revision = revision
      chain.done += 1
    } catch (error) {
      if (!hasCode(error, 'unavailable')) throw error
      await pause(20)
    }
  }
  return chain
}

/** Follows all changes, over whatever breaks. */
async function follow(engine: EtcdEngine, from: number, until: AbortSignal): Promise<Batch[]> {
  const seen: Batch[] = []
  while (!until.aborted) {
    const next = (seen.at(-1)?.revision ?? from - 1) + 1
    try {
      for await (const batches of engine.watch(next, until)) seen.push(...batches)
    } catch (error) {
      if (!hasCode(error, 'unavailable')) throw error
      await pause(50)
    }
  }
  return seen
}

test('members that stop and die cost no commit, no event and no lease', async () => {
  const { etcd, engine } = await setUp()
  const stop = new AbortController()
  const stopWatch = new AbortController()
  const lease = await engine.leases.grant({ ttlMs: 5_000 })
  await doAll(engine, put('leased', '', lease.id))
  const from = (await engine.revision()) + 1
  const keeping = (async () => {
    while (!stop.signal.aborted) {
      expect(await engine.leases.keepAlive([lease.id])).toEqual([lease])
      await pause(500)
    }
  })()
  const keys = Array.from({ length: 32 }, (_, at) => `count/${at}`)
  const counting = keys.map((key) => countUp(engine, key, stop.signal))
  const following = follow(engine, from, stopWatch.signal)
  for (const member of etcd.members) {
    await pause(1_000)
    member.signal('SIGSTOP')
    await pause(3_000)
    member.signal('SIGCONT')
  }
  const [first] = etcd.members
  await pause(1_000)
  await first?.kill()
  await pause(3_000)
  first?.start()
  stop.abort()
  await keeping
  const chains = await Promise.all(counting)
  const content = await contentOf(engine)
  expect(content).toHaveProperty('leased')
  for (const [at, { done }] of chains.entries()) expect(content[`count/${at}`]).toBe(String(done))
  // Whatever is still on its way to the watch is there after a moment.
  await pause(1_000)
  stopWatch.abort()
  const seen = await following
  const events = seen.flatMap(({ changes }) => changes)
  const total = chains.reduce((sum, { done }) => sum + done, 0)
  expect(events).toHaveLength(total)
  expect(total).toBeGreaterThan(1_000)
}, 60_000)

test('without a majority whatever would change something is refused before anyone waits', async () => {
  const { etcd, engine } = await setUp()
  const { id } = await engine.leases.grant({ ttlMs: 60_000 })
  const isBroken = new Promise<void>((resolve) => {
    engine.onStatus(resolve)
  })
  for (const member of etcd.members.slice(1)) await member.kill()
  await isBroken
  const later = pause(0).then(() => 'later')
  const refusals = [
    () => engine.leases.grant({ ttlMs: 5_000 }),
    () => engine.leases.revoke(id),
    () => engine.commit({ compares: [], then: [put('k', 'v')] }),
  ].map(async (write) => {
    const refused = await write().catch((error: unknown) => error)
    return hasCode(refused, 'unavailable') ? 'refused' : refused
  })
  for (const refusal of refusals) expect(await Promise.race([refusal, later])).toBe('refused')
}, 60_000)

test('a full etcd refuses what takes room, and deletes go on, also at a node that starts then', async () => {
  const options = { 'quota-backend-bytes': String(4 * 1_024 * 1_024) }
  const { engine, open, stop } = await setUp({ members: 1, options })
  const value = Buffer.alloc(500_000)
  const filling = (async () => {
    for (let at = 0; ; at += 1) {
      await engine.commit({ compares: [], then: [{ kind: 'put', key: `k/${at}`, value }] })
    }
  })()
  await expect(filling).rejects.toMatchObject({ code: 'engine_full' })
  const [removed, refused] = await Promise.allSettled([
    doAll(engine, remove('k/0')),
    doAll(engine, put('more')),
  ])
  expect(removed).toMatchObject({ value: { succeeded: true, results: [{ count: 1 }] } })
  expect(refused).toMatchObject({ reason: { code: 'engine_full' } })
  expect(await contentOf(engine, 'k/0')).toEqual({})
  while (engine.status().broken === undefined) await pause(50)
  expect(engine.status().broken).toContain('quota')

  await stop()
  for (const [node, key] of [
    ['n1', 'k/1'],
    ['n2', 'k/2'],
  ] as const) {
    const { engine: started } = await open(node)
    const [again, still] = await Promise.allSettled([
      doAll(started, remove(key)),
      doAll(started, put('more')),
    ])
    expect(again).toMatchObject({ value: { succeeded: true, results: [{ count: 1 }] } })
    expect(still).toMatchObject({ reason: { code: 'engine_full' } })
  }
}, 60_000)
