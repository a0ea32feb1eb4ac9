/**
 * The cluster as this node sees it, for operators.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import { UNKNOWN } from '../entry.ts'
import { isLive } from '../record.ts'
import { HEX, LANE_DIGITS } from './constants.ts'
import { membersSeen } from './membership.ts'
import type { Replicator } from './replicator.ts'

/** What `GET /cluster` says of the instance plane. */
export interface ClusterStatus {
  readonly ready: boolean
  /** Nodes that count, this one included. */
  readonly members: number
  readonly alive: number
  /** Fewer than half are heard. */
  readonly minority: boolean
  /** Something is held although its deadline passed. */
  readonly protected: boolean
  readonly records: number
  /** Hexadecimal; equal on nodes that hold the same. */
  readonly root: string
}

/** One line of `GET /cluster/members`. */
export interface MemberStatus {
  readonly id: string
  /** `host:port` */
  readonly address: string
  readonly zone: string
  readonly incarnation: number
  readonly self: boolean
  readonly state: 'alive' | 'lost' | 'removed'
  readonly lastHeardMs: number | undefined
  /** Records that it has yet to be told. */
  readonly outbox: number
  /** Milliseconds for which the oldest of them has waited; 0 for none. */
  readonly lag: number
  readonly digestEqual: boolean | undefined
  /** How far its wall clock is ahead of ours. */
  readonly clockOffsetMs: number | undefined
}

export class ClusterStatusView {
  readonly #replicator: Replicator

  constructor(replicator: Replicator) {
    this.#replicator = replicator
  }

  status(): ClusterStatus {
    const { core, state, isolated } = this.#replicator
    const members = this.members().filter((member) => member.state !== 'removed')
    const { digest, protection, liveCount, tombstones } = core
    return {
      ready: state.ready,
      members: members.length,
      alive: members.filter((member) => member.state === 'alive').length,
      minority: isolated,
      protected: protection.heldCount > 0,
      records: liveCount + tombstones.size,
      root: digest.root.map((lane) => lane.toString(HEX).padStart(LANE_DIGITS, '0')).join(''),
    }
  }

  /** Every member, this node among them, and those that have left, for as long as they are remembered. */
  members(): MemberStatus[] {
    const { core, members: heard, ways, address } = this.#replicator
    const { node, zone } = core.options
    const nowMs = core.time.nowMs()
    const seen = [...membersSeen(core)].map((member): MemberStatus => {
      const link = ways.links.get(member.node)
      const self = member.node === node
      const silentMs = heard.silentMs(member.node, nowMs)
      const isAlive = self || heard.isAlive(member.node, nowMs)
      const isMember = isLive(member.entry.record)
      return {
        id: member.node,
        address: self ? address : member.address,
        zone,
        incarnation: self ? core.stamps.origin.inc : heard.incarnationOf(member.node),
        self,
        state: !isMember ? 'removed' : isAlive ? 'alive' : 'lost',
        lastHeardMs: self ? 0 : silentMs && Math.round(silentMs),
        outbox: link?.outbox.size ?? 0,
        lag: link && link.waitingSinceMs !== UNKNOWN ? Math.round(nowMs - link.waitingSinceMs) : 0,
        digestEqual: self ? true : link?.digestEqual,
        clockOffsetMs: self ? 0 : link?.clockOffsetMs,
      }
    })
    return seen.toSorted((left, right) => (left.id < right.id ? -1 : 1))
  }

  /** Takes a member out. Throws `member_not_found`, and `not_ready` where it would not be known who is one. */
  removeMember(node: string): 'left' | 'dead' {
    const removed = this.#replicator.remove(node)
    if (removed !== undefined) return removed === 'alive' ? 'left' : 'dead'
    const message = `There is no member "${node}"; GET /registry/v1/cluster/members lists them.`
    throw new RegistryError('member_not_found', message, { details: { member: node } })
  }
}
