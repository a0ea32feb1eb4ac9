/**
 * What scenarios do to the namespaces and resources of a node.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'
import type { ResourceFilled, ResourceFilling } from '../drivers/resource-fill.ts'
import { DRIVER_CORE } from '../suite/scenario.ts'
import { Driver } from '../tools/driver.ts'
import type { OurNode } from '../tools/our-node.ts'
import { LEAVES, leafName, TOP, TYPE } from './workload.ts'

const FILLED_WITHIN_MS = 1_200_000

/** Makes the namespace of the bench, and so many leaves in it. */
export async function makeNamespaces(node: OurNode, leaves = LEAVES): Promise<void> {
  await post(node, '/namespaces', { name: TOP, kind: 'inner' })
  for (let at = 0; at < leaves; at += 1) {
    await post(node, `/namespaces/${TOP}`, { name: leafName(at), kind: 'leaf' })
  }
}

/** How many resources a namespace holds. */
export async function resourceCount({ url }: OurNode, path: string): Promise<number> {
  const answer = await fetch(`${url}${API_BASE}/namespaces/${path}?depth=0`)
  if (!answer.ok) throw new Error(`GET /namespaces/${path} was answered with ${answer.status}.`)
  const { resources } = (await answer.json()) as { resources: Readonly<Record<string, number>> }
  return resources[TYPE] ?? 0
}

/** Adds the first `count` resources of the workload. */
export async function fillResources(
  { url }: OurNode,
  filling: Omit<ResourceFilling, 'url'>,
): Promise<ResourceFilled> {
  await using driver = new Driver('resource-fill', DRIVER_CORE, { ...filling, url })
  return await driver.report<ResourceFilled>('filled', FILLED_WITHIN_MS)
}

async function post({ url }: OurNode, path: string, body: object): Promise<void> {
  const answer = await fetch(`${url}${API_BASE}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`POST ${path} was answered with ${answer.status}: ${text}`)
}
