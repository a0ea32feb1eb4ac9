/**
 * The node that takes an instance's renewals is lost, and clients go on elsewhere: nobody who
 * lives may disappear for a moment, on any node.
 *
 * @module
 */

import { Registrar, RollcallClient } from '@rollcall/client'
import type { Instance } from '@rollcall/protocol'
import { start, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Cluster } from './support/cluster.ts'
import { membersOf } from './support/cluster-status.ts'
import { Fleet, namesOf, registerAt } from './support/fleet.ts'
import { call, callJson, instanceUrl, registration, TTL_MS } from './support/http.ts'
import { stateOf } from './support/processes.ts'
import { untilAllShow, Witness } from './support/witness.ts'

const LOST_MS = 5_000

/** What nobody renews is hidden so long after its home was heard last. */
const HIDDEN_AFTER_MS = LOST_MS + TTL_MS

/** Past any silence, any ttl and what comes on top. */
const STILL_MS = HIDDEN_AFTER_MS + 3_000

const SOON = { withinMs: 10_000 }
const GONE = { withinMs: 5 * HIDDEN_AFTER_MS }

test.concurrent(
  'a home is killed while its clients renew elsewhere',
  async () => {
    await using cluster = await Cluster.start()
    const [a, b, c] = urlsOf(cluster)
    const ids = namesOf('live', 20)
    await registerAt(a, { service: 'shop', ids })
    await untilAllShow([b, c], { service: 'shop', ids, ...SOON })
    await using atB = new Fleet({ url: b, service: 'shop', ids: ids.slice(0, 10) })
    await using atC = new Fleet({ url: c, service: 'shop', ids: ids.slice(10) })
    await using witness = new Witness({ urls: [a, b, c], service: 'shop', expected: ids })
    await until('all have renewed elsewhere', () => hasRenewed([atB, atC], 10), GONE)
    // The homes stay where they are while their node lives.
    expect(await homesOf(b, ids)).toEqual(new Set(['a']))

    // Goes when the others would, did nobody renew them.
    await registerAt(a, { service: 'doomed', ids: ['one'] })
    await untilAllShow([b, c], { service: 'doomed', ids: ['one'], ...SOON })
    await cluster.node('a').kill9()
    await untilAllShow([b, c], { service: 'doomed', ids: [], ...GONE })
    await witness.lookAgain([b, c])
    expect(witness.lapses).toEqual([])
    expect(await homesOf(b, ids.slice(0, 10))).toEqual(new Set(['b']))
    expect(await homesOf(b, ids.slice(10))).toEqual(new Set(['c']))
    for (const fleet of [atB, atC]) {
      await fleet.stop()
      expect(fleet.missing).toEqual([])
    }
  },
  150_000,
)

test.concurrent(
  'a node stands still for longer than any ttl, and comes back with what it knew',
  async () => {
    await using cluster = await Cluster.start()
    const [a, b, c] = urlsOf(cluster)
    const live = namesOf('live', 10)
    const cancelled = namesOf('cancelled', 5)
    await registerAt(a, { service: 'shop', ids: [...live, ...cancelled] })
    await untilAllShow([b, c], { service: 'shop', ids: [...live, ...cancelled], ...SOON })
    await using fleet = new Fleet({ url: b, service: 'shop', ids: live })
    await using witness = new Witness({ urls: [a, b, c], service: 'shop', expected: live })
    await until('all have renewed elsewhere', () => hasRenewed([fleet], 10), GONE)

    const { child, pid } = cluster.node('a')
    // Nothing may wait for it in the queues of the system: connections do not outlive a long sleep.
    cluster.cutOff('a', 'in')
    child.signal('SIGSTOP')
    await until('it stands still', () => stateOf(pid) === 'T' || undefined, SOON)
    const sinceMs = systemClock.monotonicMs()
    for (const id of cancelled) await call(instanceUrl(c, 'shop', id), { method: 'DELETE' })
    await registerAt(b, { service: 'shop', ids: ['new'] }, { ttlMs: 3_600_000 })
    await untilAllShow([b, c], { service: 'shop', ids: [...live, 'new'], ...SOON })
    witness.expected.add('new')
    const stood = () => systemClock.monotonicMs() - sinceMs > STILL_MS || undefined
    await until('it has stood still', stood, { withinMs: 5 * STILL_MS })
    expect(await stateAt(b, 'a')).toBe('lost')
    // It knows nothing of all this when it wakes, and must not answer before it does.
    for (const id of cancelled) witness.forbidden.add(id)
    for (const name of ['b', 'c']) cluster.cable(name, 'a').breakAll()
    cluster.mend()
    child.signal('SIGCONT')

    await cluster.agree({ withinMs: 50_000 })
    await until('it is heard again', async () => (await stateAt(b, 'a')) === 'alive' || undefined, {
      withinMs: 25_000,
    })
    // What nobody renews any more leaves, so that the others are still held by their renewals.
    await registerAt(a, { service: 'doomed', ids: ['one'] })
    await untilAllShow([a, b, c], { service: 'doomed', ids: ['one'], ...SOON })
    await untilAllShow([a, b, c], { service: 'doomed', ids: [], ...GONE })
    await witness.lookAgain()
    expect(witness.lapses).toEqual([])
    await fleet.stop()
    expect(fleet.missing).toEqual([])
  },
  200_000,
)

test.concurrent(
  'a client that knows all nodes survives the death of the one it uses',
  async () => {
    await using cluster = await Cluster.start()
    const [a, b, c] = urlsOf(cluster)
    await using client = new RollcallClient({ servers: [a, b, c] })
    const registered: string[] = []
    const lost: string[] = []
    const registrar = new Registrar({
      client,
      onRegistered: ({ id }) => {
        registered.push(id)
      },
      onLost: ({ id }) => {
        lost.push(id)
      },
    })
    await using _ = start(registrar)
    const ids = namesOf('client', 5)
    const body = registration({ ttlMs: TTL_MS })
    for (const id of ids) registrar.put({ service: 'shop', id, body })
    await registrar.settled()
    await untilAllShow([a, b, c], { service: 'shop', ids, ...SOON })
    await using witness = new Witness({ urls: [b, c], service: 'shop', expected: ids })

    await registerAt(a, { service: 'doomed', ids: ['one'] })
    await untilAllShow([b, c], { service: 'doomed', ids: ['one'], ...SOON })
    await cluster.node('a').kill9()
    await untilAllShow([b, c], { service: 'doomed', ids: [], ...GONE })
    await witness.lookAgain()
    expect(witness.lapses).toEqual([])
    expect([registered.toSorted(), lost]).toEqual([ids, []])
    const renewedAt = async () => {
      const { lastRenewedAt = 0 } = await callJson<Instance>(instanceUrl(b, 'shop', 'client-0'))
      return lastRenewedAt
    }
    const beforeMs = await renewedAt()
    await until(
      'it goes on renewing',
      async () => (await renewedAt()) > beforeMs || undefined,
      GONE,
    )
  },
  150_000,
)

function urlsOf(cluster: Cluster): readonly [string, string, string] {
  return [cluster.url('a'), cluster.url('b'), cluster.url('c')]
}

function hasRenewed(fleets: readonly Fleet[], each: number): true | undefined {
  return fleets.every(({ renewed }) => renewed >= each) || undefined
}

/** Who holds the deadlines, one by one: a change of home is no change of the service. */
async function homesOf(url: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const instances = ids.map((id) => callJson<Instance>(instanceUrl(url, 'shop', id)))
  return new Set((await Promise.all(instances)).map(({ home }) => home))
}

async function stateAt(url: string, id: string): Promise<string | undefined> {
  return (await membersOf(url)).get(id)?.planes.instances.state
}
