/**
 * Three members of etcd and two nodes, with a cable between each two of them that can be cut.
 *
 * @module
 */

import { askEtcd, EtcdMembers, type EtcdMember } from '@rollcall/server/testing'
import { startServer, type Server } from '../../support/spawn-server.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { PeerDoor } from './peer-door.ts'

export const MEMBERS = 3
const NODES = ['n1', 'n2'] as const

interface Parts {
  readonly etcd: EtcdMembers
  readonly doors: readonly PeerDoor[]
  /** As etcd writes them in hexadecimal. */
  readonly ids: readonly string[]
  /** For each node the cables to the members. */
  readonly cables: readonly (readonly TcpProxy[])[]
  readonly nodes: readonly Server[]
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

  get urls(): readonly string[] {
    return this.#parts.nodes.map(({ url }) => url)
  }

  get nodes(): readonly Server[] {
    return this.#parts.nodes
  }

  member(at: number): EtcdMember {
    const member = this.#parts.etcd.members[at]
    if (!member) throw new Error(`There is no member ${at}.`)
    return member
  }

  /** Which member leads, as far as those that answer know; undefined: none does. */
  async leader(): Promise<number | undefined> {
    const asked = this.#parts.etcd.endpoints.map(async (endpoint) => {
      const status = await statusOf(endpoint)
      const at = this.#parts.ids.indexOf(BigInt(status?.leader ?? 0).toString(16))
      if (at < 0) throw new Error(`${endpoint} knows of no leader.`)
      return at
    })
    return Promise.any(asked).catch(() => undefined)
  }

  /** Cuts a member off from all others and, if so said, from the nodes. */
  async isolate(at: number, alsoFromNodes: boolean): Promise<void> {
    await this.#eachPeer(at, (door, id) => door.cut(id))
    if (alsoFromNodes) for (const own of this.#parts.cables) own[at]?.cut()
  }

  async rejoin(at: number): Promise<void> {
    await this.#eachPeer(at, (door, id) => door.mend(id))
    for (const own of this.#parts.cables) own[at]?.mend()
  }

  /** Cuts one node off from all members. */
  cutNode(node: number): void {
    for (const cable of this.#parts.cables[node] ?? []) cable.cut()
  }

  mendNode(node: number): void {
    for (const cable of this.#parts.cables[node] ?? []) cable.mend()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.#opened)
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
  const ids = await idsOf(etcd)
  const cables: TcpProxy[][] = []
  const nodes: Server[] = []
  for (const id of NODES) {
    const own: TcpProxy[] = []
    for (const endpoint of etcd.endpoints) {
      own.push(keep(await TcpProxy.open(new URL(endpoint).host)))
    }
    cables.push(own)
    const endpoints = own.map(({ address }) => `http://${address}`).join(',')
    nodes.push(keep(await startServer({ args: ['--id', id, '--etcd', endpoints] })))
  }
  return { etcd, doors, ids, cables, nodes }
}

async function closeAll(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const one of opened.toReversed()) await one[Symbol.asyncDispose]()
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

async function idsOf(etcd: EtcdMembers): Promise<readonly string[]> {
  return Promise.all(
    etcd.endpoints.map(async (endpoint) => {
      const status = await statusOf(endpoint)
      if (!status) throw new Error(`${endpoint} does not say who it is.`)
      return BigInt(status.header.member_id).toString(16)
    }),
  )
}
