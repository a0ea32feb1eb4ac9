/**
 * The replication that one would write first: every write is sent to every peer once, and that
 * is that. A node that starts copies the table of a peer; a home is a node that was heard
 * itself a moment ago; the later version wins.
 *
 * @module
 */

import { Forwards } from '../src/instances/replication/forwards.ts'
import { Members } from '../src/instances/replication/members.ts'
import { Ways } from '../src/instances/replication/ways.ts'
import { CALM } from '../src/testing/simulation/links.ts'
import { homeIsNode, noGossip, trustedUnsynced } from './cluster-ablation-homes.ts'
import { byVersionAlone, noContentAtRenewal, noSessions } from './cluster-ablation-records.ts'
import { replace } from './cluster-ablation-replace.ts'
import { named, type Rule } from './cluster-ablation-rules.ts'
import { healedHalfway, newContentElsewhere } from './cluster-ablation-links.ts'
import { lateRequest } from './cluster-ablation-lives.ts'
import { noRelay, noSyncs, sentIsTaken } from './cluster-ablation-ways.ts'
import type { Scenario } from './cluster-scenario.ts'

/** Takes away all that makes more of replication than a broadcast. */
export function naive(): void {
  noGossip()
  noRelay()
  sentIsTaken()
  noSyncs()
  homeIsNode()
  trustedUnsynced()
  byVersionAlone()
  noSessions()
  noContentAtRenewal()
  // Nobody waits for a sync that never comes.
  replace(Members.prototype, 'doubted', () => () => [])
  replace(Forwards.prototype, 'sent', (original) => {
    return function (this: Forwards, ...sent) {
      original.apply(this, sent)
      this.acked(sent[0])
    }
  })
  replace(Ways.prototype, 'hasRoute', () => {
    return function (this: Ways, to) {
      return this.links.get(to)?.connected === true
    }
  })
}

/** One where no message is lost or late by chance, and nobody who lives may vanish for an instant. */
function calm(name: string): Scenario {
  return { ...named(name), weather: CALM, flapsMax: 0 }
}

/** One where messages are lost as on a bad network. */
function lossy(name: string): Scenario {
  return { ...named(name), weather: { ...CALM, lossShare: 0.05 } }
}

/** What the simulator finds wrong with it, by the findings that it repeats. */
export const NAIVE_FLAWS: readonly Rule[] = (
  [
    ['one message of twenty is lost', 'no F', lossy('baseLB'), 'I1 converged'],
    ['one link is cut', 'F3', calm('partial'), 'flap'],
    ['a request comes late', 'F4', lateRequest, 'scenario'],
    ['a home dies and returns', 'F5', calm('homeCrash'), 'I4 dead shown'],
    ['a client says something new in a partition', 'F7', newContentElsewhere, 'content'],
    ['an operator speaks in a partition', 'F7', calm('overridePart'), 'override'],
    ['renewals do not reach home', 'F9', calm('renewEvicted'), 'I3 false absence'],
    ['two processes of a client overlap', 'F10', calm('overlap'), 'flap'],
    ['a home returns after a partition', 'F12', healedHalfway, 'I2 resurrection'],
  ] as const
).map(([rule, finding, scenario, violated]) => ({
  rule,
  finding,
  scenario,
  violated,
  remove: naive,
}))
