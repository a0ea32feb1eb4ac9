/**
 * Clients that take a lease, tie keys to it, keep it alive for a while and leave it to itself;
 * and one that looks all the time which leases and keys are there.
 *
 * @module
 */

import { systemClock, type Random } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { base64, type CatalogClient } from '../catalog-client.ts'
import { LEASE_TTL_MS, LeaseBook } from './lease-book.ts'
import type { Worker } from './worker.ts'

const PREFIX = 'leased/'
const KEYS = 3
/** Most renewals before a client has enough of its lease. */
const RENEWALS_MAX = 5
const LOOK_EVERY_MS = 100

export interface LeaseHoldersOptions {
  readonly clients: number
  readonly random: Random
}

export class LeaseHolders implements Worker {
  confirmed = 0
  readonly #clients: number
  readonly #random: Random
  readonly #book = new LeaseBook()
  readonly #problems: string[] = []
  #asked = 0

  constructor({ clients, random }: LeaseHoldersOptions) {
    this.#clients = clients
    this.#random = random
  }

  /** Says that the node was killed and has come back. */
  cameBack(node: Parameters<LeaseBook['cameBack']>[0]): void {
    this.#book.cameBack(node)
  }

  async run(client: CatalogClient): Promise<void> {
    const stopping = new AbortController()
    const holders = Array.from({ length: this.#clients }, async () => {
      while (await this.#hold(client, stopping.signal)) this.confirmed += 1
      stopping.abort()
    })
    await Promise.all([...holders, this.#watch(client, stopping.signal)])
  }

  async verify(client: CatalogClient): Promise<readonly string[]> {
    await this.#look(client)
    return this.#problems.splice(0)
  }

  /** Waits until all have ended that nobody keeps alive any more; answers what is wrong with that. */
  async verifyEnd(client: CatalogClient): Promise<readonly string[]> {
    const goneByMs = this.#book.allGoneByMs
    const looked = async () => {
      await this.#look(client)
      return systemClock.monotonicMs() > goneByMs || (await isEmpty(client)) || undefined
    }
    await until('all leases have ended', looked, { withinMs: 10 * LEASE_TTL_MS, everyMs: 100 })
    if (!(await isEmpty(client))) this.#problems.push('keys were left behind by their leases')
    return this.#problems.splice(0)
  }

  /** Holds one lease. Answers false when the node is gone. */
  async #hold(client: CatalogClient, signal: AbortSignal): Promise<boolean> {
    this.#asked += 1
    const name = `holder/${this.#asked}`
    this.#book.asksFor(name)
    const sentMs = systemClock.monotonicMs()
    const grant = await client.grant(LEASE_TTL_MS, name)
    if (grant.kind !== 'done') return this.#refused(name, grant)
    this.#renewed(name, sentMs)
    const { id } = grant.answer
    if (!(await this.#attach(client, name, id))) return false
    for (let left = Math.floor(this.#random() * (RENEWALS_MAX + 1)); left > 0; left -= 1) {
      if (!(await systemClock.sleep(LEASE_TTL_MS / 3, signal))) return false
      const sentMs = systemClock.monotonicMs()
      const renewal = await client.keepAlive(id)
      if (renewal.kind !== 'done') return this.#refused(name, renewal)
      this.#renewed(name, sentMs)
    }
    return true
  }

  #renewed(name: string, sentMs: number): void {
    this.#problems.push(...this.#book.renewed(name, sentMs, systemClock.monotonicMs()))
  }

  async #attach(client: CatalogClient, name: string, lease: number): Promise<boolean> {
    const keys = Array.from({ length: KEYS }, (_, at) => `${PREFIX}${name}/${at}`)
    const then = keys.map((key) => ({ put: { key, valueBase64: base64(name), lease } }))
    const outcome = await client.txn({ then })
    if (outcome.kind !== 'done') return this.#refused(name, outcome)
    this.#book.attached(name, keys, systemClock.monotonicMs())
    return true
  }

  /** Notes a refusal; whoever renews in time is never told that the lease is gone, but for a stall. */
  #refused(name: string, outcome: { readonly kind: string; readonly problem?: unknown }): boolean {
    if (outcome.kind === 'doubt') return false
    const problem = outcome.problem as { readonly code: string }
    if (problem.code === 'lease_not_found') {
      this.#problems.push(...this.#book.missed(name, systemClock.monotonicMs()))
      return true
    }
    this.#problems.push(`lease ${name} was refused: ${JSON.stringify(problem)}`)
    return false
  }

  async #watch(client: CatalogClient, signal: AbortSignal): Promise<void> {
    while (await systemClock.sleep(LOOK_EVERY_MS, signal)) {
      // What it looked at is gone: the node was killed.
      if (
        !(await this.#look(client).then(
          () => true,
          () => false,
        ))
      )
        return
    }
  }

  async #look(client: CatalogClient): Promise<void> {
    const leases = await timed(async () => (await client.leases('holder/')).map(({ name }) => name))
    this.#problems.push(...this.#book.leasesSeen(leases))
    const keys = await timed(async () => (await client.list(PREFIX)).map(({ key }) => key))
    this.#problems.push(...this.#book.keysSeen(keys))
  }
}

async function isEmpty(client: CatalogClient): Promise<boolean> {
  const [leases, keys] = [await client.leases('holder/'), await client.list(PREFIX)]
  return leases.length + keys.length === 0
}

async function timed(ask: () => Promise<readonly string[]>) {
  const askedMs = systemClock.monotonicMs()
  const names = new Set(await ask())
  return { askedMs, answeredMs: systemClock.monotonicMs(), names }
}
