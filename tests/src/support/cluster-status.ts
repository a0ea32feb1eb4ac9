/**
 * What nodes say of their cluster.
 *
 * @module
 */

import { API_BASE, type Cluster, type Member, type MemberList } from '@rollcall/protocol'
import { call, callJson } from './http.ts'

/** What a node says of itself and of the cluster. */
export function clusterOf(url: string): Promise<Cluster> {
  return callJson<Cluster>(`${url}${API_BASE}/cluster`)
}

/** What a node says of each member, by id. */
export async function membersOf(url: string): Promise<ReadonlyMap<string, Member>> {
  const { members } = await callJson<MemberList>(`${url}${API_BASE}/cluster/members`)
  return new Map(members.map((member) => [member.id, member]))
}

/** The states of the members as a node sees them, by id: `{ a: 'alive', … }`. */
export async function statesOf(url: string): Promise<Readonly<Record<string, string>>> {
  const members = await membersOf(url)
  return Object.fromEntries(
    [...members].map(([id, { planes }]) => [id, planes.instances.state] as const),
  )
}

/** The sum over all that each node holds; empty for one that is not ready. */
export function rootsOf(urls: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    urls.map(async (url) => {
      const { status } = await call(`${url}/readyz`)
      if (status !== 200) return ''
      return (await clusterOf(url)).instances.root
    }),
  )
}
