/**
 * Three members of etcd and two nodes, with a cable between each two of them that can be cut, and
 * one from the clients to each node.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { askEtcd, EtcdMembers, type EtcdMember } from '@rollcall/server/testing'
import { startServer, type Server } from '../../support/spawn-server.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { PeerDoor } from './peer-door.ts'

export const MEMBERS = 3
/** Those that stand still never say anything. */
const LEADER_WITHIN_MS = 500
const NODE_IDS = ['n1', 'n2'] as const
const never = new AbortController().signal

interface Node {
  readonly id: string
  /** The way of the clients. */
  readonly door: TcpProxy
  /** The ways to the members. */
  readonly cables: readonly TcpProxy[]
  /** While it was killed, the one that was. */
  server: Server
}

interface Parts {
  readonly etcd: EtcdMembers
  readonly doors: readonly PeerDoor[]
  /** Of the members, as etcd writes them in hexadecimal. */
  readonly ids: readonly string[]
  readonly nodes: readonly Node[]
}

/** Disposing ends and removes all of it. */
export class Cluster implements AsyncDisposable {
  readonly #parts: Parts
  readonly #opened: readonly AsyncDisposable[]

  private constructor(parts: Parts, opened: readonly AsyncDisposable[]) {
    this.#parts = parts
    this.#opened = opened
  }

  static async start(): Promise<Cluster> {
    const opened: AsyncDisposable[] = []
    try {
      return new Cluster(await open(opened), opened)
    } catch (error) {
      await closeAll(opened)
      throw error
    }
  }

  /** Where clients come to the nodes. */
  get urls(): readonly string[] {
    return this.#parts.nodes.map(({ door }) => `http://${door.address}`)
  }

  member(at: number): EtcdMember {
    const member = this.#parts.etcd.members[at]
    if (!member) throw new Error(`There is no member ${at}.`)
    return member
  }

  /** Which member leads, as the first one says that answers; undefined: nobody knows of any. */
  async leader(): Promise<number | undefined> {
    const asked = this.#parts.etcd.endpoints.map(async (endpoint) => {
      const status = await statusOf(endpoint)
      const at = this.#parts.ids.indexOf(BigInt(status?.leader ?? 0).toString(16))
      if (at < 0) throw new Error(`${endpoint} knows of no leader.`)
      return at
    })
    const answer = Promise.any(asked).catch(() => undefined)
    const late = systemClock.sleep(LEADER_WITHIN_MS, never).then(() => undefined)
    return Promise.race([answer, late])
  }

  /** Cuts a member off from all others, and from the nodes if that is said. */
  async isolate(at: number, { alsoFromNodes }: { readonly alsoFromNodes: boolean }) {
    await this.#eachPeer(at, (door, id) => door.cut(id))
    if (alsoFromNodes) for (const { cables } of this.#parts.nodes) cables[at]?.cut()
  }

  async rejoin(at: number): Promise<void> {
    await this.#eachPeer(at, (door, id) => door.mend(id))
    for (const { cables } of this.#parts.nodes) cables[at]?.mend()
  }

  /** Cuts a node off from all members. */
  cutOffNode(at: number): void {
    for (const cable of this.#node(at).cables) cable.cut()
  }

  mendNode(at: number): void {
    for (const cable of this.#node(at).cables) cable.mend()
  }

  killNode(at: number): Promise<void> {
    return this.#node(at).server.kill9()
  }

  /** Starts it again, over its data and at its place. */
  async startNode(at: number): Promise<void> {
    const node = this.#node(at)
    const { data, http } = node.server
    node.server = await startServer({ data, http, args: argsOf(node) })
  }

  /** Breaks all connections between clients and a node. */
  hangUp(at: number): void {
    this.#node(at).door.breakAll()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server } of this.#parts.nodes) await server[Symbol.asyncDispose]()
    await closeAll(this.#opened)
  }

  #node(at: number): Node {
    const node = this.#parts.nodes[at]
    if (!node) throw new Error(`There is no node ${at}.`)
    return node
  }

  /** In both directions: what it dials, and what dials it. */
  async #eachPeer(at: number, act: (door: PeerDoor, peerId: string) => Promise<void>) {
    const { doors, ids } = this.#parts
    for (const [other, door] of doors.entries()) {
      if (other === at) continue
      await act(door, ids[at] ?? '')
      const own = doors[at]
      if (own) await act(own, ids[other] ?? '')
    }
  }
}

/** Adds to `opened` whatever has to be closed again, in that order. */
async function open(opened: AsyncDisposable[]): Promise<Parts> {
  const keep = <T extends AsyncDisposable>(resource: T): T => {
    opened.push(resource)
    return resource
  }
  const doors: PeerDoor[] = []
  const peersVia = async (url: string, at: number) => {
    const door = keep(await PeerDoor.before(new URL(url).host))
    doors[at] = door
    return door.url
  }
  const etcd = keep(await EtcdMembers.start({ release: 'trixie', members: MEMBERS, peersVia }))
  const ids = await Promise.all(etcd.endpoints.map(idOf))
  const nodes: Node[] = []
  for (const id of NODE_IDS) {
    const cables: TcpProxy[] = []
    for (const endpoint of etcd.endpoints) {
      cables.push(keep(await TcpProxy.open(new URL(endpoint).host)))
    }
    const server = keep(await startServer({ args: argsOf({ id, cables }) }))
    nodes.push({ id, cables, server, door: keep(await TcpProxy.open(server.http)) })
  }
  return { etcd, doors, ids, nodes }
}

async function closeAll(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const one of opened.toReversed()) await one[Symbol.asyncDispose]()
}

function argsOf({ id, cables }: Pick<Node, 'id' | 'cables'>): readonly string[] {
  return ['--id', id, '--etcd', cables.map(({ address }) => `http://${address}`).join(',')]
}

/** Numbers of 64 bits come as decimal text. */
interface Status {
  readonly header: { readonly member_id: string }
  readonly leader?: string
}

async function statusOf(endpoint: string): Promise<Status | undefined> {
  const answer = askEtcd(endpoint, 'maintenance/status', {}).catch(() => undefined)
  return (await answer) as Status | undefined
}

async function idOf(endpoint: string): Promise<string> {
  const status = await statusOf(endpoint)
  if (!status) throw new Error(`${endpoint} does not say who it is.`)
  return BigInt(status.header.member_id).toString(16)
}
