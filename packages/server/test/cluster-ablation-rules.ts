/**
 * The rules of the protocol, each with the scenario that fails when it is taken away. Findings
 * are numbered as they came when the protocol was designed.
 *
 * @module
 */

import * as homes from './cluster-ablation-homes.ts'
import * as links from './cluster-ablation-links.ts'
import * as lives from './cluster-ablation-lives.ts'
import * as records from './cluster-ablation-records.ts'
import * as ways from './cluster-ablation-ways.ts'
import type { Scenario } from './cluster-scenario.ts'
import { SCENARIOS } from './cluster-scenarios.ts'
import type { Invariant } from './cluster-violation.ts'

export interface Rule {
  readonly rule: string
  readonly finding: string
  /** Takes the rule out of the production code. */
  readonly remove: () => void
  readonly scenario: Scenario
  /** What happens without it, among others. */
  readonly violated: Invariant
  /** Holds with the rule and without. */
  readonly given?: () => void
}

/** One of the simulator's own. */
export function named(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name)
  if (!scenario) throw new Error(`there is no scenario ${name}`)
  return scenario
}

/** The same, and nobody who lives may vanish for an instant. */
function steady(name: string): Scenario {
  return { ...named(name), flapsMax: 0 }
}

function all(...steps: readonly (() => void)[]): () => void {
  return () => {
    for (const step of steps) step()
  }
}

const HOMES: readonly Rule[] = [
  {
    rule: 'home is a node in one of its lives, not a node',
    finding: 'F5a',
    remove: homes.homeIsNode,
    scenario: named('homeCrash'),
    violated: 'I4 dead shown',
  },
  {
    rule: 'no fresh ttl when a link heals',
    finding: 'F5b',
    remove: homes.freshTtlAtHeal,
    scenario: links.flappingLink,
    violated: 'I4 dead shown',
  },
  {
    rule: 'a claim counts from the last renewal, not from itself',
    finding: 'F5b',
    remove: homes.freshTtlAtClaim,
    scenario: links.lastRenewal,
    violated: 'scenario',
  },
  {
    rule: 'a stall moves the deadlines',
    finding: 'F5c',
    remove: homes.stallsCount,
    scenario: lives.shortStalls,
    violated: 'scenario',
  },
  {
    rule: 'a node that stood still for long vouches for nothing',
    finding: 'F5c',
    remove: homes.noFence,
    scenario: lives.longStall,
    violated: 'scenario',
  },
  {
    rule: 'beats that are passed on tell their age',
    finding: 'F17b',
    remove: homes.beatsWithoutAge,
    scenario: links.lateBeats,
    violated: 'scenario',
  },
  {
    rule: 'home refreshes versions long before the horizon',
    finding: 'F1',
    remove: homes.noRefresh,
    scenario: lives.hoursPass,
    violated: 'I3 false absence',
  },
  {
    rule: 'live records that are older than the horizon are dropped',
    finding: 'F1',
    remove: homes.noHorizonDrop,
    scenario: links.forgottenTombstone,
    violated: 'I2 resurrection',
  },
  {
    rule: 'a lost home hides, and ends nothing',
    finding: 'F2',
    remove: homes.orphansEnd,
    scenario: links.twoHalves,
    violated: 'flap',
  },
  {
    rule: 'a home that returns is trusted after a sync',
    finding: 'F12',
    remove: homes.trustedUnsynced,
    scenario: links.healedHalfway,
    violated: 'I4 dead reappears',
  },
  {
    rule: 'and only with who knows what it has to say',
    finding: 'F12',
    remove: homes.unsyncedGuides,
    scenario: links.backAtOne,
    violated: 'I4 dead reappears',
  },
  {
    rule: 'hide times travel with records',
    finding: 'F13, F18',
    remove: homes.hideTimesStay,
    scenario: lives.joinsTheBereaved,
    violated: 'scenario',
  },
  {
    rule: 'hide times count from the last beat',
    finding: 'F13b',
    remove: homes.hideTimesFromNow,
    scenario: lives.lateRecord,
    violated: 'scenario',
  },
  {
    rule: 'whoever learns of an orphan finds its hide time then',
    finding: 'F13a',
    remove: homes.hideTimesAtLossOnly,
    scenario: lives.lateRegistration,
    violated: 'I4 dead shown',
  },
  {
    rule: 'hidden is latched',
    finding: 'F17a',
    remove: homes.unlatched,
    scenario: links.cutOffLater,
    violated: 'scenario',
  },
  {
    rule: 'who hears fewer than half hides nothing',
    finding: 'F15',
    remove: homes.noHold,
    scenario: links.cutOff,
    violated: 'scenario',
  },
  {
    rule: 'whoever has a renewal refutes an eviction',
    finding: 'F9',
    remove: homes.homeAloneRefutes,
    scenario: links.deafHome,
    violated: 'scenario',
  },
  {
    rule: 'a node outlives a later life of its own',
    finding: '',
    remove: homes.outlivesNobody,
    scenario: named('skewReborn'),
    violated: 'I1 converged',
  },
]

const RECORDS: readonly Rule[] = [
  {
    rule: 'stamps far ahead are accepted',
    finding: 'F6',
    remove: records.refusesAhead,
    scenario: named('skew10m'),
    violated: 'I3 false absence',
  },
  {
    rule: 'stamps far ahead do not move the clock',
    finding: 'F6',
    remove: records.followsAny,
    scenario: links.infected,
    violated: 'I3 false absence',
  },
  {
    rule: 'three parts merge by themselves',
    finding: 'F7',
    remove: records.oneWhole,
    scenario: named('overridePart'),
    violated: 'override',
  },
  {
    rule: 'a cancel outranks every version of its generation',
    finding: 'F4',
    remove: records.byVersionAlone,
    scenario: links.claimedAhead,
    violated: 'I4 cancelled shown',
  },
  {
    rule: 'a client names its life, and a late word of it changes nothing',
    finding: 'F4',
    remove: records.noSessions,
    scenario: lives.lateRequest,
    violated: 'scenario',
  },
  {
    rule: 'a client says which of its processes speaks',
    finding: 'F10',
    remove: records.noSessions,
    scenario: named('overlap'),
    violated: 'flap',
  },
  {
    rule: 'a renewal names the content that its client registered',
    finding: 'F7',
    remove: records.noContentAtRenewal,
    scenario: links.newContentElsewhere,
    violated: 'scenario',
  },
  {
    rule: 'a client whose later word lost by a clock must say it again',
    finding: '',
    remove: records.laterWordsAlone,
    scenario: links.twoClocks,
    violated: 'content',
  },
  {
    rule: 'and one whose word lost to a patch of an earlier one',
    finding: '',
    remove: records.laterWordsAlone,
    scenario: links.patchedElsewhere,
    violated: 'content',
  },
  {
    rule: 'an eviction is a mark on a version',
    finding: 'F8',
    remove: records.evictionOutranks,
    scenario: steady('contentPart'),
    violated: 'flap',
  },
]

const WAYS: readonly Rule[] = [
  {
    rule: 'nodes tell each other whom they hear',
    finding: 'F3',
    remove: homes.noGossip,
    scenario: links.chain,
    violated: 'scenario',
  },
  {
    rule: 'what two nodes cannot say to each other goes through a third',
    finding: 'F3',
    remove: ways.noRelay,
    scenario: named('partialLB'),
    violated: 'flap',
  },
  {
    rule: 'also before they ever reached each other',
    finding: '',
    remove: ways.membersMustBeReached,
    scenario: links.startBehindCut,
    violated: 'I3 false absence',
  },
  {
    rule: 'and so do renewals',
    finding: 'F3',
    remove: ways.noRelayedRenewals,
    scenario: named('partialLB'),
    violated: 'quiet',
  },
  {
    rule: 'the one or the other, or a broken link is a partition',
    finding: 'F3',
    remove: all(homes.noGossip, ways.noRelay),
    scenario: named('partial'),
    violated: 'I3 false absence',
  },
  {
    rule: 'a renewal that cannot be brought home is claimed',
    finding: 'F9',
    remove: ways.forwardsWait,
    scenario: links.deafHomeClaimed,
    violated: 'flap',
  },
  {
    rule: 'a renewal that is under way when home is lost is claimed at once',
    finding: 'F16',
    remove: ways.forwardsDie,
    scenario: links.renewalUnderWay,
    violated: 'scenario',
  },
  {
    rule: 'what is not acknowledged is sent again',
    finding: '',
    remove: ways.sentIsTaken,
    scenario: named('base'),
    violated: 'I3 false absence',
  },
  {
    rule: 'what a peer missed is made up for by a sync',
    finding: '',
    remove: ways.noSyncs,
    scenario: named('halves'),
    violated: 'I1 converged',
  },
  {
    rule: 'a cancel is answered when a peer has it',
    finding: 'F11',
    remove: ways.cancelsAreAnsweredAtOnce,
    scenario: lives.cancelledThenDead,
    violated: 'scenario',
  },
  {
    rule: 'an overflown outbox is made up for by a sync',
    finding: '',
    given: ways.smallOutboxes,
    remove: ways.noSyncAfterOverflow,
    scenario: links.tooManyChanges,
    violated: 'scenario',
  },
  {
    rule: 'digests that differ are looked into',
    finding: '',
    remove: ways.noLooks,
    scenario: lives.forgetful,
    violated: 'I1 converged',
  },
  {
    rule: 'a warm start leaves out what was hidden',
    finding: 'F17c',
    remove: ways.diskKeepsHidden,
    scenario: lives.aloneWithDisk,
    violated: 'scenario',
  },
  {
    rule: 'the disk counts only where no peer tells',
    finding: '',
    remove: ways.diskAlways,
    scenario: lives.backWithDisk,
    violated: 'scenario',
  },
  {
    rule: 'who boots with its table asks what was decided about what is equal',
    finding: 'F13b',
    remove: ways.noBootMarks,
    scenario: lives.backFromStall,
    violated: 'scenario',
  },
  {
    rule: 'a peer that boots itself ends nobody else’s boot',
    finding: '',
    remove: ways.unreadyPeersTell,
    scenario: lives.bootTogether,
    violated: 'scenario',
  },
  {
    rule: 'a node boots before it serves',
    finding: '',
    remove: ways.servesAtOnce,
    scenario: lives.slowBoot,
    violated: 'scenario',
  },
]

export const RULES: readonly Rule[] = [...HOMES, ...RECORDS, ...WAYS]
