/**
 * Registering new instances, one request each.
 *
 * @module
 */

import { detailsOf, load, ourNode } from '../suite/measures.ts'
import {
  against,
  cpuDetails,
  perSecond,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { registeringLua, registrationOf } from './workload.ts'

const WORKLOAD = { prefix: 'bench', services: 1_000, ttlMs: 3_600_000 }
/** Ids of the main run begin here; no warm-up comes so far. */
const MAIN_FROM = 1_000_000_000
const CREATED = 'rollcall_registrations_total{outcome="created"}'

export const register: Scenario = {
  name: 'register',
  about: 'register new instances, one request each',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using node = await ourNode(bench)
  const ours = await load(bench, {
    server: node,
    script: (part) => registeringLua(WORKLOAD, part === 'main' ? MAIN_FROM : 0),
  })
  const created = await node.sample(CREATED)
  if (created < ours.requests) {
    throw new Error(`${ours.requests} registrations were confirmed, and ${created} were new.`)
  }
  const profile = await node.stopAndProfile(ours.window)
  await node[Symbol.asyncDispose]()
  const bytes = registrationOf(WORKLOAD, MAIN_FROM).length
  const put = await bench.peers.put(bytes)
  const grant = await bench.peers.leaseGrant()
  // One after the other on the same connection: a put cannot name a lease before it is granted.
  const whole = 1 / (1 / grant.perSecond + 1 / put.perSecond)
  const details = {
    ...detailsOf(ours),
    bytes,
    etcdPut: put.perSecond,
    etcdPutHow: `${put.how}, one key`,
    ...cpuDetails('etcdPut', put.cpu),
    etcdGrant: grant.perSecond,
    etcdGrantHow: grant.how,
    ...cpuDetails('etcdGrant', grant.cpu),
  }
  const row = { scenario: 'register', ours: perSecond(ours.perSecond), details }
  return [
    against(
      {
        ...row,
        measure: 'register, against lease grant and put',
        theirs: perSecond(whole),
        target: '≥ 1 × etcd',
        profile,
      },
      1,
    ),
    against({
      ...row,
      measure: 'register, against the bare put',
      theirs: perSecond(put.perSecond),
      target: 'none',
    }),
  ]
}
