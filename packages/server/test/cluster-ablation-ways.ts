/**
 * Rules about what nodes tell each other taken away: by which way, how often, and what a node
 * has to know before it serves.
 *
 * @module
 */

import { UNKNOWN } from '../src/instances/entry.ts'
import { keyOf } from '../src/instances/digest.ts'
import { isLive } from '../src/instances/record.ts'
import { DISCOVERY_SERVICE } from '../src/model/vocabulary.ts'
import { Boot } from '../src/instances/replication/boot.ts'
import type { DirectMessage } from '../src/instances/replication/messages.ts'
import { Outbox } from '../src/instances/replication/outbox.ts'
import * as receiving from '../src/instances/replication/receive.ts'
import { Replicator } from '../src/instances/replication/replicator.ts'
import * as plans from '../src/instances/replication/sync-plan.ts'
import { Syncs } from '../src/instances/replication/syncs.ts'
import { Ways } from '../src/instances/replication/ways.ts'
import { ClusterNode } from './cluster-node.ts'
import { replace, replaceGetter } from './cluster-ablation-replace.ts'

/** What cannot be said directly is not said. */
export function noRelay(is: (message: DirectMessage) => boolean = () => true): void {
  replace(Ways.prototype, 'send', (original) => {
    return function (this: Ways, ...[to, message, nowMs]) {
      return is(message) ? this.sendDirect(to, message) : original.call(this, to, message, nowMs)
    }
  })
}

/** Renewals go home directly, or not at all. */
export function noRelayedRenewals(): void {
  noRelay(({ kind }) => kind === 'forward' || kind === 'forward-ack')
}

/** A member is told nothing before it was reached once. */
export function membersMustBeReached(): void {
  replace(Replicator.prototype, 'tick', (original) => {
    return function (this: Replicator, nowMs) {
      original.call(this, nowMs)
      for (const { node, connected, ackedAtMs } of this.ways.links.values()) {
        if (!connected && ackedAtMs === UNKNOWN) this.ways.links.delete(node)
      }
    }
  })
}

/** A renewal that waits when its home is lost is forgotten: the client will renew again. */
export function forwardsDie(): void {
  replace(receiving, 'claimRenewed', (original) => (core, entry) => {
    if (entry.home?.standing !== 'lost') original(core, entry)
  })
}

/** A renewal that cannot be brought home waits for as long as home lives. */
export function forwardsWait(): void {
  replace(receiving, 'claimRenewed', (original) => (core, entry) => {
    if (entry.home?.standing === 'lost') original(core, entry)
  })
}

/** A cancel is answered as soon as it was noted. */
export function cancelsAreAnsweredAtOnce(): void {
  replace(Replicator.prototype, 'whenShipped', () => (_entry, done) => {
    done()
    return () => {}
  })
}

/** The disk keeps what lives, hidden or not. */
export function diskKeepsHidden(): void {
  replace(ClusterNode.prototype, 'save', () => {
    return function (this: ClusterNode) {
      const core = this.process?.plane.core
      if (!core) return
      const entries = [...core.table.entries()].filter(
        ({ record, service }) => isLive(record) && service.name !== DISCOVERY_SERVICE,
      )
      const instances = entries.map((entry) => ({ key: keyOf(entry), record: entry.record }))
      this.disk = { instances, clock: core.stamps.last }
    }
  })
}

/** A node serves from its start on. */
export function servesAtOnce(): void {
  replaceGetter(Replicator.prototype, 'state', () => () => ({ ready: true, reasons: [] }))
}

/** A node loads its disk whatever its peers told. */
export function diskAlways(): void {
  replace(Boot.prototype, 'end', (original) => {
    return function (this: Boot, nowMs) {
      return original.call(this, nowMs) && 'alone'
    }
  })
}

/** A peer that boots itself has told what it knows, like any other. */
export function unreadyPeersTell(): void {
  replace(Boot.prototype, 'unready', () => {
    return function (this: Boot, node) {
      this.synced(node)
    }
  })
}

/** Who boots with its table kept does not ask what was decided about what is equal. */
export function noBootMarks(): void {
  replace(Syncs.prototype, 'start', (original) => {
    return function (this: Syncs, node, whole) {
      original.call(this, node, whole, false)
    }
  })
}

/** An outbox that overflowed is as good as one that did not. */
export function noSyncAfterOverflow(): void {
  replace(Outbox.prototype, 'takeOverflow', (original) => {
    return function (this: Outbox) {
      original.call(this)
      return false
    }
  })
}

/** Not a rule: a few changes overflow an outbox, once, as a hundred thousand would. */
export function smallOutboxes(): void {
  const small = new WeakMap<Outbox, boolean>()
  const overflowed = new WeakSet<Outbox>()
  replace(Outbox.prototype, 'add', (original) => {
    return function (this: Outbox, entry, lifeOnly) {
      if (this.size >= 8 && small.get(this) !== false) {
        small.set(this, false)
        overflowed.add(this)
        this.clear()
      }
      original.call(this, entry, lifeOnly)
    }
  })
  replace(Outbox.prototype, 'takeOverflow', () => {
    return function (this: Outbox) {
      return overflowed.delete(this)
    }
  })
}

/** Digests that differ are not looked into. */
export function noLooks(): void {
  replace(plans, 'beginSyncs', (original) => (parts, nowMs) => {
    for (const link of parts.ways.links.values()) link.mismatches = 0
    original(parts, nowMs)
  })
}

/** Nobody syncs but who boots. */
export function noSyncs(): void {
  replace(plans, 'beginSyncs', () => () => {})
}

/** What was sent counts as taken. */
export function sentIsTaken(): void {
  replace(Outbox.prototype, 'sent', (original) => {
    return function (this: Outbox, ...sent) {
      original.apply(this, sent)
      this.acked(sent[0], [])
    }
  })
}
