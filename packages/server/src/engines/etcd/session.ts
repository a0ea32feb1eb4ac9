/**
 * What this process knows of its place in etcd: which generation counts, and its lane.
 *
 * A lane is one key for each node, compared and put by every batch of that node. So a batch is
 * done once at most however often it is sent, and what is still on its way from before the lane
 * was taken can no longer be done.
 *
 * @module
 */

import type { RegistryError } from '@rollcall/protocol/errors'
import { invariant, type Clock, type Logger } from '@rollcall/runtime'
import type { EtcdClient } from './etcd-client.ts'
import { asRefusal, EtcdFailure, unavailable } from './etcd-failure.ts'
import { decodeGeneration, encodeGeneration, type Generation, type Place } from './generation.ts'
import type { Keyspace } from './keyspace.ts'
import { RESULT, TARGET, type EtcdKeyValue, type TxnResponse } from './messages.ts'
import { METHODS } from './methods.ts'
import { OwnChanges } from './own-changes.ts'

/** Others may change what was read; not forever. */
const TRIES = 10
/** While it fails it is not tried for everyone who asks. */
const FAILED_FOR_MS = 1_000
const FIRST = { number: 1, base: 0 }

export interface SessionOptions {
  readonly client: EtcdClient
  readonly keyspace: Keyspace
  readonly node: string
  /** Of this life of the process: no other has it. */
  readonly incarnation: string
  readonly clock: Clock
  readonly log: Logger
}

export class Session {
  readonly keyspace: Keyspace
  readonly laneKey: Buffer
  readonly ownChanges: OwnChanges
  /** Rejects when another process has taken the lane. */
  readonly taken: Promise<never>
  readonly #options: SessionOptions
  readonly #listeners = new Set<() => void>()
  #generation: Generation | undefined
  /** The revision of etcd of the last put of the lane; undefined: not known for certain. */
  #laneRevision: number | undefined
  #hadLane = false
  #isLaneOld = false
  #isInUse = false
  #isToBeRefreshed = false
  #count = 0
  #opening: Promise<void> | undefined
  #failed: { readonly error: unknown; readonly atMs: number } | undefined
  #rejectTaken: (error: Error) => void = () => {}
  #watchedRevision = 0

  constructor(options: SessionOptions) {
    this.#options = options
    this.keyspace = options.keyspace
    this.laneKey = options.keyspace.lane(options.node)
    this.ownChanges = new OwnChanges(options.clock)
    this.taken = new Promise((_, reject) => {
      this.#rejectTaken = reject
    })
    this.taken.catch(() => {})
  }

  /** Throws `unavailable` before the first `ensure`. */
  get place(): Place {
    if (!this.#generation)
      throw unavailable('etcd was not reached yet; try again later.', 'starting')
    return { keyspace: this.keyspace, generation: this.#generation }
  }

  get generation(): Generation {
    return this.place.generation
  }

  /** Whether it was ever reached. */
  get isOpen(): boolean {
    return this.#generation !== undefined
  }

  /** Only after `ensure`. */
  get laneRevision(): number {
    invariant(this.#laneRevision !== undefined, 'the lane is known before a batch is sent')
    return this.#laneRevision
  }

  /**
   * Whether it could not be put since it came into doubt, because etcd is full: what was on its way
   * before may still be done. Until it is put, nothing is sent that puts.
   */
  get isLaneOld(): boolean {
    return this.#isLaneOld
  }

  /** The newest revision of etcd that a watch has brought. */
  get watchedRevision(): number {
    return this.#watchedRevision
  }

  watched(revision: number): void {
    this.#watchedRevision = Math.max(this.#watchedRevision, revision)
  }

  /** Told whenever another generation counts. Answers how to call that off. */
  onGeneration(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What a batch leaves in the lane. */
  nextBatchId(): string {
    this.#count += 1
    return `${this.#options.incarnation}:${this.#count}`
  }

  laneIsAt(revision: number): void {
    this.#laneRevision = revision
  }

  /** What became of the last batch is not certain, or will not be. */
  doubtLane(): void {
    this.#laneRevision = undefined
  }

  /** Whether a batch was done, and nothing since. Rejects with a refusal. */
  async hasDone(id: string): Promise<boolean> {
    const { kvs } = await this.#options.client.read(METHODS.range, { key: this.laneKey })
    const [lane] = kvs
    if (lane?.value.toString() !== id) return false
    this.laneIsAt(Number(lane.mod_revision))
    return true
  }

  /**
   * Puts the lane, so that no copy of a batch that is still on its way can be done any more. Answers
   * the revision of etcd at which it was done before; undefined: it was not, and never will be.
   * Rejects with a refusal where that cannot be told.
   */
  async closeBatch(id: string): Promise<number | undefined> {
    const key = this.laneKey
    const closing = this.nextBatchId()
    const isAt = { key, result: RESULT.equal, target: TARGET.mod } as const
    const { header, succeeded, responses } = await this.#options.client.read(METHODS.txn, {
      compare: [{ ...isAt, mod_revision: this.laneRevision }],
      success: [{ request_put: { key, value: Buffer.from(closing) } }],
      failure: [{ request_range: { key } }],
    })
    if (succeeded) {
      this.laneIsAt(Number(header?.revision))
      return undefined
    }
    const lane = responses[0]?.response_range?.kvs[0]
    const last = lane?.value.toString()
    // The first try to close it may have been done without our hearing of it.
    if (!lane || (last !== id && last !== closing)) throw this.laneIsTaken()
    this.laneIsAt(Number(lane.mod_revision))
    return last === id ? this.laneRevision : undefined
  }

  /** The lane is put again before the next batch, but never under one that is on its way. */
  refreshLane(): void {
    if (this.#isInUse) this.#isToBeRefreshed = true
    else this.doubtLane()
  }

  /** Sends a batch. Until it has ended nothing else puts the lane, which says what became of it. */
  async useLane(send: () => Promise<void>): Promise<void> {
    this.#isInUse = true
    try {
      await send()
    } finally {
      this.#isInUse = false
      if (this.#isToBeRefreshed) this.doubtLane()
      this.#isToBeRefreshed = false
    }
  }

  /** Takes over what was read or watched, unless something newer is known. */
  adopt(generation: Generation): void {
    if (this.#generation && generation.modRevision <= this.#generation.modRevision) return
    const isNew = this.#generation !== undefined && this.#generation.number !== generation.number
    this.#generation = generation
    if (!isNew) return
    this.#options.log.info({ generation: generation.number }, 'the content of etcd was replaced')
    for (const listener of this.#listeners) listener()
  }

  /** Another process has this lane: two nodes run under one id. */
  laneIsTaken(): RegistryError {
    const { node } = this.#options
    const message = `Another process writes to etcd as node "${node}"; give each node an id of its own.`
    const error = unavailable(message, 'lane_taken')
    this.doubtLane()
    this.#rejectTaken(error)
    return error
  }

  /** Resolves once generation and lane are known for certain. Rejects with a refusal. */
  async ensure(): Promise<void> {
    const isKnown = this.#generation && this.#laneRevision !== undefined
    if (isKnown && (this.#isInUse || !this.#isLaneOld)) return
    const { clock } = this.#options
    if (this.#failed && clock.monotonicMs() - this.#failed.atMs < FAILED_FOR_MS) {
      throw this.#failed.error
    }
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    await this.#opening
  }

  async #open(): Promise<void> {
    try {
      for (let tries = 0; tries < TRIES; tries += 1) {
        if (await this.#tryToOpen()) {
          this.#failed = undefined
          return
        }
      }
      throw unavailable('Others change the place in etcd all the time; try again.', 'contended')
    } catch (error) {
      const refusal = asRefusal(error)
      this.#failed = { error: refusal, atMs: this.#options.clock.monotonicMs() }
      throw refusal
    }
  }

  async #tryToOpen(): Promise<boolean> {
    const { generation, lane } = await this.#look()
    if (!generation) {
      if (this.#generation) throw contentGone()
      return await this.#begin()
    }
    if (this.#hadLane && !this.isOurs(lane)) throw this.laneIsTaken()
    const before = Number(lane?.mod_revision ?? 0)
    const put = await this.#putLane(before)
    if (put === 'overtaken') return false
    this.#isLaneOld = put === 'full'
    if (this.#isLaneOld) this.#laneRevision = before
    this.#hadLane ||= !this.#isLaneOld
    this.adopt(decodeGeneration(generation))
    return true
  }

  async #putLane(before: number): Promise<'put' | 'full' | 'overtaken'> {
    const id = this.nextBatchId()
    const key = this.laneKey
    const isAt = { key, result: RESULT.equal, target: TARGET.mod } as const
    try {
      const { header, succeeded } = await this.#options.client.call(METHODS.txn, {
        compare: [{ ...isAt, mod_revision: before }],
        success: [{ request_put: { key, value: Buffer.from(id) } }],
      })
      if (succeeded) this.laneIsAt(Number(header?.revision))
      return succeeded ? 'put' : 'overtaken'
    } catch (error) {
      if (!(error instanceof EtcdFailure) || error.kind !== 'full') throw error
      return (await this.hasDone(id)) ? 'put' : 'full'
    }
  }

  async #look(): Promise<{
    readonly generation: EtcdKeyValue | undefined
    readonly lane: EtcdKeyValue | undefined
  }> {
    const { client } = this.#options
    const response = await client.read(METHODS.txn, { compare: [], success: this.looks() })
    return looked(response)
  }

  /** The operations that `looked` reads the answer of. */
  looks() {
    return [
      { request_range: { key: this.keyspace.generation } },
      { request_range: { key: this.laneKey } },
    ]
  }

  /** The first that ever comes here makes it ours. Always to be looked at again. */
  async #begin(): Promise<false> {
    const key = this.keyspace.generation
    const absent = { key, result: RESULT.equal, target: TARGET.create, create_revision: 0 } as const
    try {
      await this.#options.client.call(METHODS.txn, {
        compare: [absent],
        success: [{ request_put: { key, value: encodeGeneration(FIRST) } }],
      })
    } catch (error) {
      if (!(error instanceof EtcdFailure) || error.kind !== 'no_answer') throw error
    }
    return false
  }

  /** Whether this life of the process put it. */
  isOurs(lane: EtcdKeyValue | undefined): boolean {
    return lane?.value.toString().startsWith(`${this.#options.incarnation}:`) === true
  }
}

/** What `looks` found. */
export function looked({ responses }: TxnResponse): {
  readonly generation: EtcdKeyValue | undefined
  readonly lane: EtcdKeyValue | undefined
} {
  const [generation, lane] = responses.map(({ response_range: range }) => range?.kvs[0])
  return { generation, lane }
}

export function contentGone(): RegistryError {
  const message = 'The keys of the catalog in etcd are gone; restore them, then restart the server.'
  return unavailable(message, 'content_gone')
}
