/**
 * What scenarios ask a node about its catalog, and how they fill it.
 *
 * @module
 */

import { API_BASE, HEADERS, type Cluster } from '@rollcall/protocol'
import type { Filled, KvFilling } from '../drivers/kv-fill.ts'
import { DRIVER_CORE } from '../suite/scenario.ts'
import { Driver } from '../tools/driver.ts'
import type { OurNode } from '../tools/our-node.ts'

const FILLED_WITHIN_MS = 600_000

/** The newest revision of its catalog. */
export async function revisionOf({ url }: OurNode): Promise<number> {
  const answer = await fetch(`${url}${API_BASE}/cluster`)
  const { catalog } = (await answer.json()) as Cluster
  if (!catalog) throw new Error('The node has no catalog.')
  return catalog.revision
}

/** Puts the first `count` keys of the workload there. */
export async function fillCatalog(
  { url }: OurNode,
  filling: Omit<KvFilling, 'url'>,
): Promise<Filled> {
  await using driver = new Driver('kv-fill', DRIVER_CORE, { ...filling, url })
  return await driver.report<Filled>('filled', FILLED_WITHIN_MS)
}

/** How many bytes a value has; rejects when it is not there. */
export async function sizeOf({ url }: OurNode, path: string): Promise<number> {
  const answer = await fetch(`${url}${path}`)
  const bytes = await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`GET ${path} was answered with ${answer.status}.`)
  if (answer.headers.get(HEADERS.revision) === null) throw new Error('A read tells no revision.')
  return bytes.byteLength
}
