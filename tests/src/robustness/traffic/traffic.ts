/**
 * What the kinds of traffic have in common.
 *
 * @module
 */

import { HEADERS } from '@rollcall/protocol'
import { systemClock, type Random } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { jsonOf, type CatalogAnswer, type CatalogClient } from '../../support/catalog-client.ts'
import type { Recorder } from './recorder.ts'

export const LINEARIZABLE = 'consistency=linearizable'
const PAUSE_MAX_MS = 30
const LOOKED_WITHIN_MS = 30_000

export interface Loaded {
  /** One of each node. */
  readonly clients: readonly CatalogClient[]
  readonly recorder: Recorder
  readonly random: Random
}

/** One kind of traffic. */
export interface Traffic {
  /** Goes on until `signal` aborts, whatever fails. */
  run(signal: AbortSignal): Promise<void>
  /** Looks at what is there in the end, when all is well again. */
  close(): Promise<void>
}

/** A client of any of the nodes. */
export function anyOf({ clients, random }: Loaded): CatalogClient {
  const client = clients[Math.floor(random() * clients.length)]
  if (!client) throw new Error('There are no clients.')
  return client
}

/** Lets some time pass; answers whether to go on. */
export function pause({ random }: Loaded, signal: AbortSignal): Promise<boolean> {
  return systemClock.sleep(1 + random() * PAUSE_MAX_MS, signal)
}

/** Of an answer, the revision of what was read. */
export function revisionOf(answer: CatalogAnswer): number {
  return Number(answer.headers[HEADERS.revision])
}

/** Answers undefined where a read was not served, for whatever reason. */
export async function served(
  ask: Promise<CatalogAnswer>,
  recorder: Recorder,
): Promise<CatalogAnswer | undefined> {
  const answer = await ask.catch(() => undefined)
  if (!answer || answer.status === 503 || answer.status === 504) return undefined
  if (answer.status === 200 || answer.status === 404) return answer
  recorder.surprises.push(
    `a read was answered with ${answer.status}: ${JSON.stringify(jsonOf(answer))}`,
  )
  return undefined
}

/** Looks until that is served: without a last look nothing is known to be lost. */
export async function lastLook(look: () => Promise<unknown>): Promise<void> {
  await until('a last look is served', look, { withinMs: LOOKED_WITHIN_MS })
}
