/**
 * Those who write: registrations, changes, cancels, silent deaths, renewals one by one and in
 * bulk, operators.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import type { Random } from '@rollcall/runtime'
import { idOf, pathOf, registrationOf, serviceOf } from '../instances/workload.ts'
import { Asker } from './asking.ts'
import { steadily } from './pace.ts'
import { CHURNING_TTL_MS, renewalOf, type Pool } from './pool.ts'
import type { Tally } from './tally.ts'

/**
 * A second. More come back than go, and none before enough are away: so the number of those who
 * are there stays what it is, however slow the machine.
 */
const RATES = {
  register: 60,
  cancel: 20,
  die: 10,
  change: 30,
  heartbeat: 40,
  operate: 10,
}
const BATCH = 500

export interface Churn {
  readonly url: string
  readonly pool: Pool
  readonly random: Random
  readonly tally: Tally
}

/** Writes until `signal` aborts. */
export async function write(churn: Churn, signal: AbortSignal): Promise<void> {
  const { pool, tally } = churn
  const every = (perSecond: number, act: (send: Send) => Promise<void>) =>
    withConnection(churn, (send) => steadily(perSecond, signal, () => act(send)))
  await Promise.all([
    every(RATES.register, (send) => comeBack(churn, send)),
    every(RATES.cancel, (send) => cancel(churn, send)),
    every(RATES.change, (send) => change(churn, send)),
    every(RATES.heartbeat, (send) => heartbeat(churn, send)),
    every(RATES.operate, (send) => operate(churn, send)),
    every(3_000 / CHURNING_TTL_MS, (send) => renewAll(churn, send)),
    steadily(RATES.die, signal, () => {
      if (pool.leave() !== undefined) tally.count('silent deaths')
      return Promise.resolve()
    }),
  ])
}

type Send = (
  name: string,
  expected: readonly number[],
  ...request: readonly [method: string, path: string, json?: string]
) => Promise<void>

/** Gives a connection of its own to what sends. */
async function withConnection(
  { url, tally }: Churn,
  use: (send: Send) => Promise<void>,
): Promise<void> {
  const asker = new Asker(url, tally)
  await use((name, expected, ...request) =>
    asker.ask({ name, expects: (status) => expected.includes(status), request }),
  )
  asker.close()
}

async function comeBack({ pool }: Churn, send: Send): Promise<void> {
  const n = pool.comeBack()
  if (n === undefined) return
  const body = registrationOf(pool.churning, n)
  await send('registrations', [200, 201], 'PUT', pathOf(pool.churning, n), body)
  pool.arrived(n)
}

async function cancel({ pool }: Churn, send: Send): Promise<void> {
  const n = pool.leave()
  if (n === undefined) return
  await send('cancels', [204], 'DELETE', pathOf(pool.churning, n))
}

/** Registers somebody again, with another version. It may have been cancelled meanwhile. */
async function change({ pool, random }: Churn, send: Send): Promise<void> {
  const n = pool.any()
  if (n === undefined) return
  const version = `"1.5.${Math.floor(random() * 100)}"`
  const body = registrationOf(pool.churning, n).replace('"1.4.2"', version)
  await send('changes', [200, 201], 'PUT', pathOf(pool.churning, n), body)
}

async function heartbeat({ pool, random }: Churn, send: Send): Promise<void> {
  const n = Math.floor(random() * pool.steady)
  await send('heartbeats', [204], 'POST', `${pathOf(pool.workload, n)}/heartbeat`)
}

/** An operator takes somebody out, or lets it back in. */
async function operate({ pool, random }: Churn, send: Send): Promise<void> {
  const n = Math.floor(random() * 100)
  const statusOverride = random() < 0.5 ? 'out_of_service' : null
  const body = JSON.stringify({ statusOverride, weight: 1 + Math.floor(random() * 5) })
  await send('operators', [200], 'PATCH', pathOf(pool.workload, n), body)
}

/** In bulk. Somebody of whom it is asked may have been cancelled just now, which is no surprise. */
async function renewAll({ pool }: Churn, send: Send): Promise<void> {
  const all = [...pool.present]
  for (let first = 0; first < all.length; first += BATCH) {
    const body = renewalOf(pool.churning, all.slice(first, first + BATCH))
    await send('renewals in bulk', [200], 'POST', `${API_BASE}/heartbeats`, body)
  }
}

/** What anybody may ask about an instance. */
export function explainPath({ pool }: Churn, n: number): string {
  return `${API_BASE}/explain?service=${serviceOf(pool.workload, n)}&id=${idOf(n)}`
}
