/**
 * A node that is killed at a random moment under load, again and again. All that its clients were
 * promised has to be there when it comes back, and nothing by half.
 *
 * @module
 */

import { seededRandom, systemClock, type Random } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { CatalogClient } from '../catalog-client.ts'
import { LEASE_TTL_MS } from './lease-book.ts'
import { LeaseHolders } from './lease-holders.ts'
import { OwnKeys } from './own-keys.ts'
import { SharedCounter } from './shared-counter.ts'
import type { Worker } from './worker.ts'

/** A node that answers, always at the same folder. */
export interface CrashNode extends AsyncDisposable {
  readonly url: string
  kill9(): Promise<void>
  /** What it complained about. */
  complaints(): readonly string[]
}

export interface CrashOptions {
  readonly seed: number
  readonly rounds: number
  /** Starts the node on its folder and waits until it is ready. */
  readonly start: () => Promise<CrashNode>
  /** Starts the node and kills it so much later, whatever it does at that moment. */
  readonly startAndKill: (afterMs: number) => Promise<void>
}

export interface CrashReport {
  /** Each with its round; empty when all is well. */
  readonly problems: readonly string[]
  readonly confirmed: number
}

const SINGLE_KEYS = 12
const KEY_GROUPS = 12
const KEYS_PER_GROUP = 5
const COUNTERS = 2
const CLIENTS_PER_COUNTER = 4
const LEASE_CLIENTS = 6

const CONFIRMED_MAX = 400
const LATER_MAX_MS = 300
/** So often a round lasts until leases end in it. */
const LONG_RATIO = 0.2
/** So often a node is killed before it has come back. */
const STILLBORN_RATIO = 0.25
const STILLBORN_MAX_MS = 800

/** Kills a node in every round. Stops at the first round in which something is wrong. */
export async function runCrashRounds(options: CrashOptions): Promise<CrashReport> {
  const random = seededRandom(options.seed)
  const leases = new LeaseHolders({ clients: LEASE_CLIENTS, random: childOf(random) })
  const workers = [...writersOf(random), leases]
  const confirmed = () => workers.reduce((sum, worker) => sum + worker.confirmed, 0)
  let greatestRevision = 0
  let diedMs = 0
  let complaints: readonly string[] = []
  for (let round = 0; round <= options.rounds; round += 1) {
    if (round > 0 && random() < STILLBORN_RATIO) {
      await options.startAndKill(random() * STILLBORN_MAX_MS)
    }
    const startedMs = systemClock.monotonicMs()
    await using node = await options.start()
    leases.cameBack({ diedMs, startedMs, readyMs: systemClock.monotonicMs() })
    await using client = new CatalogClient(node.url)
    const problems = [...complaints, ...(await lostRevisions(client, greatestRevision))]
    for (const worker of workers) problems.push(...(await worker.verify(client)))
    if (problems.length === 0 && round === options.rounds) {
      problems.push(...(await leases.verifyEnd(client)))
    }
    if (problems.length > 0 || round === options.rounds) {
      const which = problems.map((problem) => `after round ${round}: ${problem}`)
      return { problems: which, confirmed: confirmed() }
    }
    const ended = Promise.all(workers.map((worker) => worker.run(client)))
    await enough({ random, confirmed })
    diedMs = systemClock.monotonicMs()
    await node.kill9()
    await ended
    complaints = node.complaints()
    greatestRevision = Math.max(greatestRevision, client.greatestRevision)
  }
  throw new Error('the last round returns')
}

/** Lets the clients work until a random moment. The moment is the fault; nothing waits for it. */
async function enough({ random, confirmed }: { random: Random; confirmed: () => number }) {
  const goal = confirmed() + 1 + random() * CONFIRMED_MAX
  const isLong = random() < LONG_RATIO
  const worked = () => confirmed() >= goal || undefined
  await until('the clients have worked', worked, { withinMs: 30_000, everyMs: 1 })
  const laterMs = random() * LATER_MAX_MS + (isLong ? 1.5 * LEASE_TTL_MS : 0)
  await systemClock.sleep(laterMs, new AbortController().signal)
}

/** A node that comes back is at the revision at which it was killed, or later. */
async function lostRevisions(client: CatalogClient, before: number): Promise<readonly string[]> {
  await client.read('/kv?prefix=own/&limit=1')
  const now = client.greatestRevision
  return now >= before ? [] : [`the revision is ${now} after ${before}`]
}

function writersOf(random: Random): readonly Worker[] {
  const own = (kind: string, keys: number) => (_: unknown, at: number) =>
    new OwnKeys({ name: `${kind}-${at}`, keys, random: childOf(random) })
  return [
    ...Array.from({ length: SINGLE_KEYS }, own('single', 1)),
    ...Array.from({ length: KEY_GROUPS }, own('group', KEYS_PER_GROUP)),
    ...Array.from(
      { length: COUNTERS },
      (_, at) => new SharedCounter({ name: String(at), clients: CLIENTS_PER_COUNTER }),
    ),
  ]
}

/** Randomness of its own for each, so that what one draws does not depend on how fast others are. */
function childOf(random: Random): Random {
  return seededRandom(Math.floor(random() * 2 ** 32))
}
