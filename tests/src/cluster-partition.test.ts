/**
 * Nodes that cannot hear each other for a while: everybody goes on with those they reach, and
 * afterwards all hold the same, every change of either side included.
 *
 * @module
 */

import type { Instance } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Cluster } from './support/cluster.ts'
import { clusterOf, statesOf } from './support/cluster-status.ts'
import { Fleet, registerAt } from './support/fleet.ts'
import { call, callJson, instanceUrl, registration, TTL_MS } from './support/http.ts'
import { metric } from './support/metrics.ts'
import { idsAt, untilAllShow, Witness } from './support/witness.ts'

const LOST_MS = 5_000
const CUT_MS = 20_000
const SOON = { withinMs: 10_000 }

/** A lost node is missed after five seconds. */
const LOST = { withinMs: 5 * LOST_MS }

/** Transports dial again at intervals, and what differs is looked for as soon as they are through. */
const HEALED = { withinMs: 50_000 }

const RELAYED = 'rollcall_peer_messages_sent_total\\{kind="relay"\\}'

/** Outlast everything, so that only changes count. */
const STEADY = { ttlMs: 3_600_000 }

test.concurrent(
  'a node is cut off for 20 s, and both sides register, cancel and change',
  async () => {
    await using cluster = await Cluster.start()
    const [a, b, c] = urlsOf(cluster)
    await prepare(cluster)
    await using atA = new Fleet({ url: a, service: 'short', ids: ['at-a'] })
    await using atB = new Fleet({ url: b, service: 'short', ids: ['at-b'] })
    await using witnessA = new Witness({ urls: [a], service: 'short', expected: ['at-a', 'at-b'] })
    await using witness = new Witness({ urls: [b, c], service: 'short', expected: ['at-b'] })

    const sinceMs = systemClock.monotonicMs()
    cluster.cutOff('a')
    await untilStates(a, { a: 'alive', b: 'lost', c: 'lost' })
    await untilStates(b, { a: 'lost', b: 'alive', c: 'alive' })
    const knows = async () => (await clusterOf(a)).instances.minority || undefined
    await until('it knows that it hears fewer than half', knows, SOON)
    expect((await clusterOf(b)).instances.minority).toBe(false)
    await changeAt(a, 'x')
    await changeAt(b, 'y')
    // What renews at a alone is hidden by the majority, and by nobody else.
    await untilAllShow([b, c], {
      service: 'short',
      ids: ['at-b'],
      withinMs: 5 * (LOST_MS + TTL_MS),
    })
    await untilCutFor(sinceMs)
    expect(await idsAt(a, 'shop')).toEqual(new Set(['x-keep', 'y-keep', 'x-new', 'y-cancel']))

    cluster.mend()
    await cluster.agree(HEALED)
    await expectBothChanges(cluster)
    await untilAllShow([a, b, c], { service: 'short', ids: ['at-a', 'at-b'], ...HEALED })
    for (const fleet of [atA, atB]) {
      await fleet.stop()
      expect(fleet.missing).toEqual([])
    }
    expect([...witnessA.lapses, ...witness.lapses]).toEqual([])
  },
  200_000,
)

test.concurrent(
  'a node hears the others and is not heard for 20 s, and both sides change',
  async () => {
    await using cluster = await Cluster.start()
    const [a, b, c] = urlsOf(cluster)
    await prepare(cluster)
    await using atB = new Fleet({ url: b, service: 'short', ids: ['at-a', 'at-b'] })
    await using witness = new Witness({
      urls: [b, c],
      service: 'short',
      expected: ['at-a', 'at-b'],
    })
    const sinceMs = systemClock.monotonicMs()
    cluster.cutOff('a', 'out')
    await untilStates(b, { a: 'lost', b: 'alive', c: 'alive' })
    await changeAt(a, 'x')
    await changeAt(b, 'y')
    // It hears that they live, but they tell nobody news who does not confirm any.
    await untilStates(a, { a: 'alive', b: 'alive', c: 'alive' })
    await untilAllShow([c], {
      service: 'shop',
      ids: ['x-keep', 'y-keep', 'x-cancel', 'y-new'],
      ...SOON,
    })
    await untilCutFor(sinceMs)

    cluster.mend()
    await cluster.agree(HEALED)
    await expectBothChanges(cluster)
    await witness.lookAgain()
    expect(witness.lapses).toEqual([])
    await atB.stop()
    expect(atB.missing).toEqual([])
  },
  200_000,
)

test.concurrent(
  'two nodes cannot hear each other, and what they change reaches both through the third',
  async () => {
    await using cluster = await Cluster.start()
    const [a, b, c] = urlsOf(cluster)
    await prepare(cluster)
    await using atB = new Fleet({ url: b, service: 'short', ids: ['at-a', 'at-b'] })
    await using witness = new Witness({
      urls: [a, b, c],
      service: 'short',
      expected: ['at-a', 'at-b'],
    })
    const sinceMs = systemClock.monotonicMs()
    cluster.cable('a', 'b').cut()
    cluster.cable('b', 'a').cut()
    await changeAt(a, 'x')
    await changeAt(b, 'y')
    const ids = ['x-keep', 'x-new', 'y-keep', 'y-new']
    await untilAllShow([a, b, c], { service: 'shop', ids, ...LOST })
    // From here on both know the way round, so that every renewal at b finds its home.
    const passesOn = async () => ((await metric(c, RELAYED)) ?? 0) > 0 || undefined
    await until('the third passes on what the two say to each other', passesOn, LOST)
    await registerAt(a, { service: 'round', ids: ['one'] })
    await untilAllShow([b], { service: 'round', ids: ['one'], ...SOON })
    await using round = new Fleet({ url: b, service: 'round', ids: ['one'] })
    const sinceRoundMs = systemClock.monotonicMs()
    await untilCutFor(sinceMs)
    const outlived = () => systemClock.monotonicMs() - sinceRoundMs > 1.5 * TTL_MS || undefined
    await until('it has been renewed for longer than its ttl', outlived, { withinMs: 5 * CUT_MS })
    expect(await callJson<Instance>(instanceUrl(b, 'round', 'one'))).toMatchObject({ home: 'a' })
    for (const url of [a, b, c]) {
      expect(await statesOf(url)).toEqual({ a: 'alive', b: 'alive', c: 'alive' })
    }
    await expectBothChanges(cluster)
    // The home is at one end and the renewals at the other.
    expect(witness.lapses).toEqual([])
    await round.stop()
    expect(round.missing).toEqual([])

    cluster.mend()
    await cluster.agree(HEALED)
    await witness.lookAgain()
    expect(witness.lapses).toEqual([])
    await atB.stop()
    expect(atB.missing).toEqual([])
  },
  150_000,
)

test.concurrent(
  'nodes on slow lines hold the same a moment later',
  async () => {
    await using cluster = await Cluster.start()
    const [a, b, c] = urlsOf(cluster)
    for (const name of cluster.names) {
      for (const other of cluster.names) {
        if (other !== name) cluster.cable(name, other).delayMs = 150
      }
    }
    await prepare(cluster)
    await Promise.all([changeAt(a, 'x'), changeAt(b, 'y')])
    const ids = ['x-keep', 'x-new', 'y-keep', 'y-new']
    await untilAllShow([a, b, c], { service: 'shop', ids, ...SOON })
    await cluster.agree(SOON)
    await expectBothChanges(cluster)
    for (const url of [a, b, c]) {
      expect(await statesOf(url)).toEqual({ a: 'alive', b: 'alive', c: 'alive' })
    }
  },
  100_000,
)

function urlsOf(cluster: Cluster): readonly [string, string, string] {
  return [cluster.url('a'), cluster.url('b'), cluster.url('c')]
}

/** Registers what each side is to change, and waits until all know it. */
async function prepare(cluster: Cluster): Promise<void> {
  const [a, b] = urlsOf(cluster)
  await registerAt(a, { service: 'shop', ids: ['x-keep', 'y-cancel'] }, STEADY)
  await registerAt(b, { service: 'shop', ids: ['y-keep', 'x-cancel'] }, STEADY)
  await registerAt(a, { service: 'short', ids: ['at-a'] })
  await registerAt(b, { service: 'short', ids: ['at-b'] })
  const ids = ['x-keep', 'x-cancel', 'y-keep', 'y-cancel']
  await untilAllShow(cluster.urls, { service: 'shop', ids, ...SOON })
  await untilAllShow(cluster.urls, { service: 'short', ids: ['at-a', 'at-b'], ...SOON })
}

/** Registers one, cancels one that the other side is home of, and changes one in three ways. */
async function changeAt(url: string, side: 'x' | 'y'): Promise<void> {
  await registerAt(url, { service: 'shop', ids: [`${side}-new`] }, STEADY)
  expect(
    (await call(instanceUrl(url, 'shop', `${side}-cancel`), { method: 'DELETE' })).status,
  ).toBe(204)
  const kept = instanceUrl(url, 'shop', `${side}-keep`)
  const body = registration({ ...STEADY, version: `by-${side}` })
  await callJson(kept, { method: 'PUT', body })
  await callJson(kept, {
    method: 'PATCH',
    body: { statusOverride: 'out_of_service', metadata: { side }, weight: 7 },
  })
}

async function expectBothChanges(cluster: Cluster): Promise<void> {
  const ids = ['x-keep', 'x-new', 'y-keep', 'y-new']
  await untilAllShow(cluster.urls, { service: 'shop', ids, ...SOON })
  for (const url of cluster.urls) {
    for (const side of ['x', 'y']) {
      expect(await callJson<Instance>(instanceUrl(url, 'shop', `${side}-keep`))).toMatchObject({
        version: `by-${side}`,
        status: 'out_of_service',
        statusOverride: 'out_of_service',
        metadata: { side },
        weight: 7,
      })
    }
  }
}

async function untilStates(url: string, states: Readonly<Record<string, string>>): Promise<void> {
  let seen: Readonly<Record<string, string>> = {}
  const areSo = async () => {
    seen = await statesOf(url)
    return JSON.stringify(sorted(seen)) === JSON.stringify(sorted(states)) || undefined
  }
  try {
    await until('the members are as they should be', areSo, LOST)
  } catch (error) {
    throw new Error(`${url} sees ${JSON.stringify(seen)}.`, { cause: error })
  }
}

function sorted(states: Readonly<Record<string, string>>): unknown {
  return Object.entries(states).toSorted(([left], [right]) => (left < right ? -1 : 1))
}

/** The length of the cut is the fault; nothing is hoped to happen meanwhile. */
async function untilCutFor(sinceMs: number): Promise<void> {
  const isOver = () => systemClock.monotonicMs() - sinceMs >= CUT_MS || undefined
  await until('the cut has lasted', isOver, { withinMs: 5 * CUT_MS })
}
