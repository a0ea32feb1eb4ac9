import { seededRandom, silentLog, start } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import type { Batch } from '../../catalog/engine.ts'
import { createMemoryEngine } from './index.ts'

const value = (text: string) => Buffer.from(text)

test('a key that hangs on a lease is there until it ends, and a watcher sees both', async () => {
  const clock = new FakeClock()
  const engine = createMemoryEngine({ clock, random: seededRandom(1), log: silentLog })
  await using _ = start(engine)
  const lease = await engine.leases.grant({ ttlMs: 1_500 })
  expect(lease.ttlMs).toBe(2_000)
  const put = { kind: 'put', key: 'a', value: value('1'), lease: lease.id } as const
  expect(await engine.commit({ compares: [], then: [put] })).toMatchObject({ revision: 1 })
  const seen: Batch[] = []
  const stop = new AbortController()
  const watching = (async () => {
    for await (const batches of engine.watch(1, stop.signal)) seen.push(...batches)
  })()
  await clock.advance(1_999)
  expect((await engine.range({ prefix: '', limit: 10 })).entries).toHaveLength(1)
  await clock.advance(1)
  expect(await engine.range({ prefix: '', limit: 10 })).toMatchObject({ entries: [], revision: 2 })
  stop.abort()
  await watching
  expect(seen.map(({ revision }) => revision)).toEqual([1, 2])
})
