/**
 * Leases: not before their ttl, soon after it, and all of their keys at once.
 *
 * @module
 */

import { expect, test } from 'vitest'
import type { Engine } from '../../catalog/engine.ts'
import {
  contentOf,
  doAll,
  expectNothingSince,
  live,
  nextChange,
  put,
  read,
  type EngineKind,
} from './home.ts'

const ABSENT = 4_711

export function leaseContract(kind: EngineKind): void {
  test('what is granted is whole seconds, never less than what was asked for', async () => {
    const { engine } = await live(kind)
    const granted = async (ttlMs: number) => (await engine.leases.grant({ ttlMs })).ttlMs
    expect(await granted(1)).toBeGreaterThanOrEqual(2_000)
    expect(await granted(5_001)).toBe(6_000)
    for (const ttlMs of [0, -1, Number.NaN, 864_000_001]) {
      await expect(granted(ttlMs)).rejects.toMatchObject({ code: 'invalid_argument' })
    }
  })

  test('an id may be asked for once; others are drawn', async () => {
    const { engine } = await live(kind)
    const asked = { ttlMs: 9_000, id: 2 ** 53 - 1 }
    expect(await engine.leases.grant(asked)).toEqual({ id: asked.id, ttlMs: 9_000 })
    await expect(engine.leases.grant(asked)).rejects.toMatchObject({ code: 'already_exists' })
    for (const id of [0, -1, 1.5, 2 ** 53]) {
      const granting = engine.leases.grant({ ttlMs: 9_000, id })
      await expect(granting).rejects.toMatchObject({ code: 'invalid_argument' })
    }
    const drawn = await Promise.all(
      Array.from({ length: 50 }, () => engine.leases.grant({ ttlMs: 9_000 })),
    )
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(50)
    expect(drawn.every(({ id }) => Number.isSafeInteger(id) && id > 0)).toBe(true)
  })

  test('a lease ends no earlier than its ttl, soon after it, and with all its keys at once', async () => {
    const { engine, home } = await live(kind)
    const { id, ttlMs } = await engine.leases.grant({ ttlMs: 3_000 })
    await doAll(engine, put('stays'))
    const { revision } = await doAll(engine, put('a', '', id), put('b', '', id))
    await home.elapse(ttlMs - 500)
    expect(await contentOf(engine)).toHaveProperty('a')
    expect((await engine.leases.timeToLive(id))?.remainingMs).toBeGreaterThan(0)
    await home.elapse(500 + kind.lateMs)
    const [, ...end] = await nextChange(engine, revision + 1)
    expect(end).toEqual(['-a', '-b'])
    expect(await contentOf(engine)).toEqual({ stays: '' })
    expect(await engine.leases.timeToLive(id)).toBeUndefined()
    expect(await engine.leases.keepAlive([id])).toEqual([undefined])
  })

  test('a lease that is kept alive goes on, in bulk and in the order of the ids', async () => {
    const { engine, home } = await live(kind)
    const kept = await engine.leases.grant({ ttlMs: 4_000 })
    const left = await engine.leases.grant({ ttlMs: 4_000 })
    await doAll(engine, put('kept', '', kept.id), put('left', '', left.id))
    for (let times = 0; times < 3; times += 1) {
      await home.elapse(3_000)
      const renewed = await engine.leases.keepAlive([ABSENT, kept.id])
      expect(renewed).toEqual([undefined, kept])
    }
    await untilGone(engine, 'left')
    expect(Object.keys(await contentOf(engine))).toEqual(['kept'])
    expect(await engine.leases.timeToLive(kept.id)).toMatchObject({ ttlMs: 4_000 })
  })

  test('revoking ends a lease and its keys in one revision, once', async () => {
    const { engine } = await live(kind)
    const { id } = await engine.leases.grant({ ttlMs: 60_000 })
    const { revision } = await doAll(engine, put('a', '', id), put('b', '', id), put('c'))
    const revoked = await engine.leases.revoke(id)
    expect(revoked.revision).toBeGreaterThan(revision)
    expect(await nextChange(engine, revision + 1)).toEqual([revoked.revision, '-a', '-b'])
    expect(await contentOf(engine)).toEqual({ c: '' })
    await expect(engine.leases.revoke(id)).rejects.toMatchObject({ code: 'lease_not_found' })
    const other = await engine.leases.grant({ ttlMs: 60_000, id })
    const again = await engine.leases.revoke(other.id)
    expect(again.revision).toBeGreaterThanOrEqual(revoked.revision)
    await expectNothingSince(engine, revoked.revision)
  })

  test('a put with a lease that is gone is refused, with all of its commit', async () => {
    const { engine } = await live(kind)
    const { id } = await engine.leases.grant({ ttlMs: 60_000 })
    await engine.leases.revoke(id)
    const refusal = { code: 'lease_not_found', details: { lease: id } }
    await expect(doAll(engine, put('a'), put('b', '', id))).rejects.toMatchObject(refusal)
    expect(await contentOf(engine)).toEqual({})
    const unused = { compares: [], then: [put('a')], otherwise: [put('b', '', id)] }
    expect(await engine.commit(unused)).toMatchObject({ succeeded: true })
    await expect(doAll(engine, put('c', '', 1.5))).rejects.toMatchObject({
      code: 'invalid_argument',
    })
  })

  test('a key hangs on the lease of its last put and no other', async () => {
    const { engine } = await live(kind)
    const one = await engine.leases.grant({ ttlMs: 60_000 })
    const two = await engine.leases.grant({ ttlMs: 60_000 })
    await doAll(engine, put('free', '', one.id), put('moved', '', one.id), put('bound'))
    await doAll(engine, put('free'), put('moved', '', two.id), put('bound', '', one.id))
    await engine.leases.revoke(one.id)
    expect(Object.keys(await contentOf(engine))).toEqual(['free', 'moved'])
    await engine.leases.revoke(two.id)
    expect(Object.keys(await contentOf(engine))).toEqual(['free'])
  })

  test('what is asked while leases end is answered by what became of them', async () => {
    const { engine } = await live(kind)
    const leases = await Promise.all(
      Array.from({ length: 30 }, () => engine.leases.grant({ ttlMs: 60_000 })),
    )
    const asked = leases.map(async ({ id }, at) => {
      const key = `k/${at}`
      const putting = doAll(engine, put(key, '', id)).catch(() => undefined)
      const revoking = engine.leases.revoke(id)
      const [renewed] = await engine.leases.keepAlive([id])
      const late = await doAll(engine, put(`late/${at}`, '', id)).catch(() => undefined)
      await Promise.all([putting, revoking])
      return { renewed, late, key }
    })
    for (const { late } of await Promise.all(asked)) expect(late).toBeUndefined()
    expect(await contentOf(engine)).toEqual({})
    expect(await engine.leases.keepAlive(leases.map(({ id }) => id))).toEqual(
      leases.map(() => undefined),
    )
  })
}

async function untilGone(engine: Engine, key: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const { results } = await doAll(engine, read(key))
    const [result] = results
    if (result?.kind === 'got' && result.entry === undefined) return
  }
  throw new Error(`The key "${key}" is still there.`)
}
