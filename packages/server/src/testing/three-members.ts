/**
 * A cluster of three as node `n1` might see it: `n2` lives and lags, `n3` is lost. What a route
 * test needs of replication, without any.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'
import type { ClusterView } from '../http/cluster-view.ts'
import type { MemberStatus } from '../instances/index.ts'

/** A cluster whose members can be taken out one by one. */
export interface ThreeMembers extends ClusterView {
  /** Ids of those that are left. */
  readonly ids: () => readonly string[]
}

const ALIVE: MemberStatus = {
  id: 'n1',
  address: '127.0.0.1:7070',
  zone: 'z1',
  incarnation: 3_481_600_000_000_000,
  self: true,
  state: 'alive',
  lastHeardMs: 0,
  outbox: 0,
  lag: 0,
  digestEqual: true,
  clockOffsetMs: 0,
}

const MEMBERS: readonly MemberStatus[] = [
  ALIVE,
  {
    ...ALIVE,
    id: 'n2',
    address: '10.0.0.2:7070',
    self: false,
    lastHeardMs: 740,
    outbox: 12,
    lag: 310,
    digestEqual: false,
    clockOffsetMs: -25,
  },
  {
    ...ALIVE,
    id: 'n3',
    address: '[fd00::3]:7070',
    self: false,
    state: 'lost',
    incarnation: 0,
    lastHeardMs: undefined,
    digestEqual: undefined,
    clockOffsetMs: undefined,
  },
]

export function threeMembers(): ThreeMembers {
  const left = new Map(MEMBERS.map((member) => [member.id, member]))
  return {
    status: () => ({
      ready: true,
      members: left.size,
      alive: [...left.values()].filter(({ state }) => state === 'alive').length,
      minority: false,
      protected: false,
      records: 7,
      root: '00ff00ff12345678',
    }),
    members: () => [...left.values()],
    removeMember(id) {
      const member = left.get(id)
      if (!member) throw new RegistryError('member_not_found', `There is no member "${id}".`)
      left.delete(id)
      return member.state === 'alive' ? 'left' : 'dead'
    },
    ids: () => [...left.keys()],
  }
}
