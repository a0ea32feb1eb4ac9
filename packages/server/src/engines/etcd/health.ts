/**
 * Whether etcd can be written to: looked at each second, so that it is known before somebody
 * waits for it.
 *
 * @module
 */

import { hasCode } from '@rollcall/protocol/errors'
import type { Clock, Logger } from '@rollcall/runtime'
import type { EngineCluster, EngineMember } from '../../catalog/engine.ts'
import type { EtcdClient } from './etcd-client.ts'
import { asRefusal, EtcdFailure } from './etcd-failure.ts'
import type { EtcdMember, MemberStatus } from './messages.ts'
import { METHODS } from './methods.ts'
import { contentGone, type Session } from './session.ts'

const LOOK_EVERY_MS = 1_000
/** Slower than this is no answer. */
const LOOK_MS = 1_000
/** One look that fails is an election; two are an outage. */
const FAILS = 2
/** Before it the fences of a watch could overtake its events, and a stalled leader end leases. */
const SOUND_FROM = [3, 5, 8] as const

export interface HealthOptions {
  readonly client: EtcdClient
  readonly session: Session
  readonly clock: Clock
  readonly log: Logger
}

/** What the member that is asked says. */
export interface Seen extends EngineCluster {
  readonly sizeBytes: number
}

export class Health {
  readonly #options: HealthOptions
  readonly #listeners = new Set<() => void>()
  #broken: string | undefined
  #fails = 0
  #seen: Seen | undefined
  #warned = false

  constructor(options: HealthOptions) {
    this.#options = options
  }

  get broken(): string | undefined {
    return this.#broken
  }

  /** Whether its quota is used up. */
  get isFull(): boolean {
    return this.#broken === NO_SPACE
  }

  /** Undefined before it was reached. */
  get seen(): Seen | undefined {
    return this.#seen
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async run(signal: AbortSignal): Promise<void> {
    do await this.#look()
    while (await this.#options.clock.sleep(LOOK_EVERY_MS, signal))
  }

  async #look(): Promise<void> {
    const { client, session } = this.#options
    try {
      const status = await client.call(METHODS.status, {}, LOOK_MS)
      const { members } = await client.call(METHODS.memberList, {}, LOOK_MS)
      this.#saw(status, members.map(memberOf))
      await session.ensure()
      // Needs a majority, which the status of a member does not.
      const key = session.keyspace.generation
      const { kvs } = await client.call(METHODS.range, { key }, LOOK_MS)
      if (kvs.length === 0) throw contentGone()
      this.#fails = 0
      this.#set(isFull(status.errors) ? NO_SPACE : undefined)
    } catch (error) {
      const refusal = asRefusal(error)
      if (!hasCode(refusal, 'unavailable') && !hasCode(refusal, 'engine_full')) throw error
      this.#fails += 1
      const isPassing = error instanceof EtcdFailure && error.kind === 'no_answer'
      if (isPassing && this.#fails < FAILS) return
      session.refreshLane()
      if (this.#seen) this.#seen = { ...this.#seen, leader: undefined }
      this.#set(refusal.message)
    }
  }

  #saw(
    { version, dbSize, leader, raftTerm }: MemberStatus,
    members: readonly EngineMember[],
  ): void {
    this.#seen = {
      members,
      version,
      sizeBytes: Number(dbSize),
      leader: leader === NOBODY ? undefined : nameOf(leader),
      term: Number(raftTerm),
    }
    if (this.#warned || isSound(version)) return
    this.#warned = true
    this.#options.log.warn(
      { version },
      'this etcd ends leases early when its leader stalls; 3.5.8 or later is sounder',
    )
  }

  #set(broken: string | undefined): void {
    if (this.#broken === broken) return
    const { log, client } = this.#options
    if (broken === undefined) log.info({ url: client.url }, 'etcd can be written again')
    else if (this.#broken === undefined) log.error({ reason: broken }, 'etcd cannot be written')
    this.#broken = broken
    for (const listener of this.#listeners) listener()
  }
}

const NOBODY = '0'

function memberOf({ ID: id, name, isLearner }: EtcdMember): EngineMember {
  return { id: nameOf(id), name, hasVote: !isLearner }
}

/** As etcd's own tools write it. */
function nameOf(id: string): string {
  return BigInt(id).toString(16)
}

const NO_SPACE =
  "etcd's database has reached its quota; delete something, then compact and defragment it and disarm its alarm."

function isFull(errors: readonly string[]): boolean {
  return errors.some((error) => error.includes('NOSPACE'))
}

function isSound(version: string): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10))
  for (const [at, least] of SOUND_FROM.entries()) {
    const part = parts[at] ?? 0
    if (part !== least) return part > least
  }
  return true
}
