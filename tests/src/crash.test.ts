/**
 * A node that is killed while it learns more, or while it writes down what it knows.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceView } from '@rollcall/protocol'
import { seededRandom, systemClock, systemRandom, type Random } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { complaintsIn } from './support/complaints.ts'
import { call, serviceUrl } from './support/http.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { Traffic } from './support/traffic.ts'

const FILE = 'instances.ndjson'
const ROUNDS = 5
const SEED = Number(process.env['SEED'] ?? Math.floor(systemRandom() * 2 ** 31))
const REGISTRATIONS_MAX = 150
const STOPPING_MAX_MS = 400

/** How a node dies: at work, in the middle of its last write, or some time after it was asked to stop. */
const DEATHS = ['at_work', 'writing', 'stopping'] as const
type Death = (typeof DEATHS)[number]

/** What a file may hold after a death. */
interface Possible {
  /** What it held before; not if the new one was written for certain. */
  readonly old: ReadonlySet<string> | undefined
  /** Else all that was confirmed before the last write began, */
  readonly least: ReadonlySet<string>
  /** and nothing that nobody has sent. */
  readonly most: ReadonlySet<string>
}

const NOTHING: Possible = { old: new Set(), least: new Set(), most: new Set() }

test(`whoever is killed at any moment leaves a whole file behind (SEED=${SEED})`, async () => {
  const random = seededRandom(SEED)
  await using folder = await temporaryFolder()
  let possible = NOTHING
  // The first round ends as it should, so that there is a file to lose.
  for (let round = 0; round <= ROUNDS; round += 1) {
    await using server = await startServer({ data: folder.path })
    const loaded = await idsOf(server)
    // Each in one value with its round, so that a failure says what to run again.
    const which = `round ${round} of SEED=${SEED}`
    expect({ which, ...comparison(loaded, possible) }).toEqual({ which, lost: [], invented: [] })
    expect({ which, leftovers: await leftovers(server) }).toEqual({ which, leftovers: [] })
    const complaints = complaintsIn(server.stderr)
    expect({ which, complaints }).toEqual({ which, complaints: [] })

    const death = round === 0 ? undefined : pick(DEATHS, random)
    possible = await liveAndDie(server, { loaded, prefix: String(round), death, random })
  }
}, 120_000)

function comparison(loaded: ReadonlySet<string>, { old, least, most }: Possible) {
  if (old && sameSet(loaded, old)) return { lost: [], invented: [] }
  return {
    lost: [...least].filter((id) => !loaded.has(id)),
    invented: [...loaded].filter((id) => !most.has(id)),
  }
}

interface Life {
  readonly loaded: ReadonlySet<string>
  readonly prefix: string
  /** Absent: it is stopped and ends by itself. */
  readonly death: Death | undefined
  readonly random: Random
}

/** Lets registrations come until a random moment, then ends the node, and answers what it may leave. */
async function liveAndDie(server: Server, life: Life): Promise<Possible> {
  const { loaded, prefix, death, random } = life
  const traffic = new Traffic(server.url, prefix)
  const count = 1 + Math.floor(random() * REGISTRATIONS_MAX)
  const enough = () => traffic.confirmed.size >= count || undefined
  await until(`${count} registrations are confirmed`, enough, { withinMs: 30_000, everyMs: 1 })

  const least = new Set([...loaded, ...traffic.confirmed])
  await end(server, death, random)
  await traffic.ended
  const most = new Set([...loaded, ...traffic.sent])
  const { code } = await server.child.ended
  return { old: code === 0 ? undefined : loaded, least, most }
}

async function end(server: Server, death: Death | undefined, random: Random): Promise<void> {
  if (death === undefined) {
    expect(await server.stop()).toMatchObject({ code: 0 })
    return
  }
  if (death !== 'at_work') server.child.signal('SIGTERM')
  if (death === 'writing') await untilWriting(server)
  // The moment is the fault that is injected; nothing waits for it.
  if (death === 'stopping') {
    await systemClock.sleep(random() * STOPPING_MAX_MS, new AbortController().signal)
  }
  await server.kill9()
}

/** Waits for the unfinished file. A write that was too quick to be seen has ended with the node. */
async function untilWriting({ data, child }: Server): Promise<void> {
  const seen = () => existsSync(join(data, `${FILE}.tmp`)) || child.hasEnded || undefined
  await until('the last write has begun', seen, { withinMs: 30_000, everyMs: 0 })
}

async function idsOf(server: Server): Promise<Set<string>> {
  const { status, text } = await call(serviceUrl(server.url, 'shop'))
  if (status === 404) return new Set()
  return new Set((JSON.parse(text) as ServiceView).instances.map(({ id }) => id))
}

/** What stands beside the file although nothing should: unfinished, or damaged and set aside. */
async function leftovers({ data }: Server): Promise<readonly string[]> {
  return (await readdir(data)).filter((name) => name.startsWith(`${FILE}.`))
}

function sameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((item) => right.has(item))
}

function pick<T>(items: readonly [T, ...T[]], random: Random): T {
  return items[Math.floor(random() * items.length)] ?? items[0]
}
