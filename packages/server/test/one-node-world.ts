/**
 * One node, its clients, watchers and operators, and what befalls them, all decided by a seed.
 *
 * @module
 */

import { hasCode, type ErrorCode } from '@rollcall/protocol/errors'
import { seededRandom, type Random } from '@rollcall/runtime'
import type { Entry } from '../src/instances/entry.ts'
import type { ShownInstance } from '../src/instances/index.ts'
import { recount, setUpPlane, type PlaneHarness } from '../src/testing/index.ts'
import { must, NodeModel, TTL_MS } from './one-node-model.ts'
import { Watcher } from './one-node-watcher.ts'

const TICK_MS = 250
const RENEW_EVERY_MS = TTL_MS / 3
const SERVICES = ['web', 'api'] as const

interface Client {
  readonly key: string
  readonly service: string
  readonly id: string
  readonly hasSession: boolean
  session: number
  isUp: boolean
  isRegistered: boolean
  nextMs: number
  version: number
  content: number | undefined
}

export interface WorldOptions {
  readonly seed: number
  readonly forMs: number
}

/** What happened in a run, so that a run in which nothing happens is noticed. */
export interface Tally {
  renewed: number
  registered: number
  superseded: number
  cancelled: number
  fences: number
  held: number
  resumptions: number
  restarts: number
}

export class OneNodeWorld {
  readonly trace: string[] = []
  readonly tally: Tally = {
    renewed: 0,
    registered: 0,
    superseded: 0,
    cancelled: 0,
    fences: 0,
    held: 0,
    resumptions: 0,
    restarts: 0,
  }
  readonly #random: Random
  readonly #node: PlaneHarness
  readonly #model: NodeModel
  readonly #clients: Client[] = []
  readonly #watchers: readonly Watcher[]
  /** Others of another service that are always well: with them the node's own set is never protected. */
  readonly #ballast: string[] = []
  /** With few tombstones a node forgets what it has to remember for late messages. */
  readonly #forgets: boolean
  readonly #forMs: number
  /** What operators said, by what they said it over: forgotten with the record. */
  readonly #overrides = new Map<Entry, string>()
  readonly #tables = new Map<string, unknown>()
  #realMs = 0
  #bentMs = 0
  #overruled: string | undefined

  constructor({ seed, forMs }: WorldOptions) {
    this.#random = seededRandom(seed)
    this.#forMs = forMs
    this.#forgets = this.#chance(0.25)
    this.#node = setUpPlane({
      seed,
      limits: {
        defaultTtlMs: TTL_MS,
        changeRingSize: 20 + this.#pick(60),
        tombstonesMax: this.#forgets ? 3 : 10_000,
      },
    })
    const hasBallast = this.#chance(0.5)
    this.#model = new NodeModel({ hasBallast })
    if (hasBallast) this.#ballast = this.#node.registerMany(200, 'b', { service: 'ballast' })
    for (const service of SERVICES) this.#populate(service)
    this.#watchers = ['w1', 'w2'].map((name) => new Watcher(this.#node.plane, name))
    for (const watcher of this.#watchers) watcher.connect()
  }

  run(): void {
    while (this.#realMs < this.#forMs) this.#step()
    for (const { resumptions, restarts } of this.#watchers) {
      this.tally.resumptions += resumptions
      this.tally.restarts += restarts
    }
  }

  #populate(service: string): void {
    const count = service === 'web' ? 4 + this.#pick(24) : 1 + this.#pick(4)
    for (let at = 0; at < count; at += 1) {
      this.#clients.push({
        key: `${service} c${at}`,
        service,
        id: `c${at}`,
        hasSession: this.#chance(0.7),
        session: 0,
        isUp: false,
        isRegistered: false,
        nextMs: this.#pick(3_000),
        version: 0,
        content: undefined,
      })
    }
  }

  #step(): void {
    const { clock, plane } = this.#node
    clock.advanceNow(TICK_MS)
    this.#realMs += TICK_MS
    this.#model.passed(TICK_MS)
    // Whatever is to be told has been told: the window of 20 ms is over.
    for (const watcher of this.#watchers) watcher.checkView()
    plane.tick()
    this.#check()
    for (const client of this.#clients) this.#live(client)
    if (this.#realMs % RENEW_EVERY_MS < TICK_MS) this.#renewBallast()
    this.#befall()
    this.#check()
    if (this.#realMs % 5_000 < TICK_MS) this.#checkSlowly()
  }

  #renewBallast(): void {
    for (const id of this.#ballast) this.#node.renew({ service: 'ballast', id })
  }

  // What clients do

  #live(client: Client): void {
    if (!client.isUp) {
      if (client.nextMs > this.#realMs) return
      this.#startClient(client)
    }
    if (client.nextMs > this.#realMs) return
    client.nextMs = this.#realMs + RENEW_EVERY_MS
    if (!client.isRegistered) this.#register(client)
    else this.#renew(client)
  }

  /** A new process: its session is the time by its own, right clock. */
  #startClient(client: Client): void {
    client.isUp = true
    client.isRegistered = false
    client.content = undefined
    client.session = Math.max(client.session + 1, 1_700_000_000_000 + this.#realMs)
    client.nextMs = this.#realMs
    this.#say(`${client.key} starts`)
  }

  #register(client: Client): void {
    const { service, id, version } = client
    const facts = { version: `v${version}`, ttlMs: TTL_MS }
    const { instance } = this.#node.register({ service, id }, facts, this.#sessionOf(client))
    client.isRegistered = true
    client.content = instance.record.content.cver.at
    this.tally.registered += 1
    this.#model.accepted(client.key, service)
  }

  #renew(client: Client): void {
    const { service, id, content, key } = client
    try {
      this.#node.renew({ service, id }, { session: this.#sessionOf(client), content })
    } catch (error) {
      must(hasCode(error, 'instance_not_found'), `${key} renews and gets ${String(error)}`)
      // As a client does: not there means register again.
      this.#register(client)
      return
    }
    this.tally.renewed += 1
    this.#model.accepted(key, service)
  }

  #cancel(client: Client): void {
    const { service, id, key } = client
    const isThere = this.#node.shown({ service, id }) !== undefined
    const cancel = () => {
      this.#node.plane.cancel(this.#node.ref({ service, id }), this.#sessionOf(client))
    }
    if (isThere) cancel()
    else ignore('instance_not_found', cancel)
    this.#say(`${key} cancels`)
    client.isUp = false
    client.nextMs = this.#realMs + this.#pick(30_000)
    this.tally.cancelled += 1
    this.#model.cancelled(key)
    if (!client.hasSession || this.#forgets) return
    // Its own last registration was still on the way.
    expectCode('superseded', () => this.#register(client))
    this.tally.superseded += 1
  }

  #sessionOf({ hasSession, session }: Client): number | undefined {
    return hasSession ? session : undefined
  }

  /** A process that was replaced long ago speaks once more. */
  #haunt(client: Client): void {
    if (!client.hasSession || !client.isRegistered || this.#forgets) return
    const { service, id } = client
    const session = client.session - 1 - this.#pick(1_000)
    const { plane, ref } = this.#node
    const place = ref({ service, id })
    const before = this.#node.record({ service, id })
    expectCode('superseded', () => {
      plane.register({ ref: place, facts: { addresses: ['http://old'] }, session })
    })
    expectCode('superseded', () => {
      plane.renew(place, { session })
    })
    plane.cancel(place, session)
    must(this.#node.record({ service, id }) === before, `an old process changed ${client.key}`)
    this.tally.superseded += 1
  }

  // What befalls them

  #befall(): void {
    this.#overruled = undefined
    const up = this.#clients.filter(({ isUp }) => isUp)
    const someone = up[this.#pick(up.length)]
    if (someone) this.#befallClient(someone)
    if (this.#chance(0.003)) this.#crashMany(up)
    if (this.#chance(0.006)) this.#stall(500 + this.#pick(4_500))
    if (this.#chance(0.002)) this.#stall(6_000 + this.#pick(30_000))
    if (this.#chance(0.01)) this.#bendWall()
    if (this.#chance(0.01)) this.#speakOnProtection()
    for (const watcher of this.#watchers) {
      if (watcher.isConnected && this.#chance(0.02)) watcher.disconnect()
      else if (!watcher.isConnected && this.#chance(0.04)) watcher.connect()
    }
  }

  #befallClient(client: Client): void {
    const dice = this.#random()
    if (dice < 0.012) this.#crash(client)
    else if (dice < 0.024) this.#cancel(client)
    else if (dice < 0.04) this.#changeContent(client)
    else if (dice < 0.05) this.#startClient(client)
    else if (dice < 0.07) this.#override(client)
    else if (dice < 0.08) this.#haunt(client)
  }

  #crash(client: Client, downMaxMs = 60_000): void {
    this.#say(`${client.key} crashes`)
    client.isUp = false
    client.nextMs = this.#realMs + this.#pick(downMaxMs)
  }

  #crashMany(up: readonly Client[]): void {
    const share = this.#random()
    // Some outlast the ceiling of their service.
    const downMaxMs = this.#chance(0.4) ? 600_000 : 60_000
    for (const client of up) if (this.#chance(share)) this.#crash(client, downMaxMs)
  }

  #changeContent(client: Client): void {
    client.version += 1
    if (client.isRegistered) this.#register(client)
  }

  #override(client: Client): void {
    const { service, id, key } = client
    const entry = this.#node.entry({ service, id })
    if (entry?.isShown() !== true) return
    const status = this.#chance(0.5) ? 'out_of_service' : null
    this.#node.plane.set(this.#node.ref({ service, id }), { statusOverride: status })
    if (status === null) this.#overrides.delete(entry)
    else this.#overrides.set(entry, status)
    this.#say(`an operator says ${status} over ${key}`)
  }

  #stall(ms: number): void {
    this.#say(`the loop stalls for ${ms} ms`)
    this.#node.clock.stall(ms)
    this.#realMs += ms
    this.#model.stalled(ms)
    this.tally.fences += Number(ms - TICK_MS > 5_000)
    this.#node.plane.tick()
  }

  #bendWall(): void {
    const ms = this.#chance(0.5) ? this.#pick(20_000) - 10_000 : this.#pick(300_000)
    const bent = this.#bentMs + ms
    // Sessions may be a minute ahead of the node; versions live for two hours.
    if (bent < -50_000 || bent > 1_800_000) return
    this.#bentMs = bent
    this.#node.clock.bendWall(ms)
    this.#say(`wall time jumps by ${ms} ms`)
  }

  #speakOnProtection(): void {
    const service = SERVICES[this.#pick(SERVICES.length)] ?? 'web'
    const actions = ['end', 'forbid', 'allow', 'allow', 'allow'] as const
    const action = actions[this.#pick(actions.length)] ?? 'allow'
    if (!this.#node.plane.snapshot({ env: 'default', service }).known) return
    this.#say(`an operator says ${action} to the protection of ${service}`)
    this.#node.plane.protect({ env: 'default', service }, action)
    this.#model.forbids(service, action === 'forbid')
    if (action === 'end') this.#overruled = service
  }

  // What must hold

  #check(): void {
    const shown = new Map<string, ShownInstance>()
    for (const service of SERVICES) {
      this.#noteForgotten(service)
      const { instances } = this.#node.plane.snapshot({ env: 'default', service })
      for (const instance of instances) shown.set(`${service} ${instance.id}`, instance)
    }
    this.#model.check(shown, this.#overruled)
    must(
      this.#node.plane.core.time.nowMs() === this.#model.nowMs,
      `the plane's time is ${this.#node.plane.core.time.nowMs()}, ours ${this.#model.nowMs}`,
    )
  }

  /** What an operator said of a service is forgotten with the last record of it. */
  #noteForgotten(service: string): void {
    const table = this.#node.plane.core.table.service({ env: 'default', service })
    if (table === this.#tables.get(service)) return
    this.#tables.set(service, table)
    this.#model.forbids(service, false)
  }

  #checkSlowly(): void {
    const { plane } = this.#node
    const { counted, kept } = recount(plane)
    must(JSON.stringify(counted) === JSON.stringify(kept), JSON.stringify({ counted, kept }))
    must(this.#ballast.length === this.#node.ids({ service: 'ballast' }).length, 'ballast is gone')
    this.tally.held += kept.held
    for (const client of this.#clients) this.#checkExplanation(client)
  }

  #checkExplanation({ key, service, id }: Client): void {
    const { verdict, instance } = this.#node.plane.explain(this.#node.ref({ service, id }))
    const entry = this.#node.entry({ service, id })
    const shown = entry?.isShown() === true ? entry : undefined
    must(instance === shown, `explain shows ${String(instance?.id)} for ${key}`)
    must(
      (shown !== undefined) === ['visible', 'held_by_status', 'protected'].includes(verdict),
      `explain says ${verdict} of ${key}`,
    )
    must(
      (verdict === 'protected') === (shown ? shown.heldSinceMs > 0 : false),
      `${key}: ${verdict}`,
    )
    if (verdict === 'cancelled') must(this.#model.isCancelled(key), `${key} was not cancelled`)
    if (!entry || !shown || verdict === 'protected') return
    const override = this.#overrides.get(entry)
    must(
      (verdict === 'held_by_status') === (override !== undefined),
      `${key} is ${verdict}, an operator said ${String(override)}`,
    )
  }

  #say(what: string): void {
    this.trace.push(`${(this.#realMs / 1_000).toFixed(2)} s: ${what}`)
    if (this.trace.length > 60) this.trace.shift()
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below)
  }
}

function expectCode(code: ErrorCode, act: () => void): void {
  try {
    act()
  } catch (error) {
    if (hasCode(error, code)) return
    throw error
  }
  throw new Error(`${code} was expected`)
}

function ignore(code: ErrorCode, act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!hasCode(error, code)) throw error
  }
}
