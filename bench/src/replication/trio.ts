/**
 * Three of our nodes that know each other, all on the core of those who are measured.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { TcpProxy } from '../../../tests/src/support/tcp-proxy.ts'
import { MEASURED_CORE } from '../suite/scenario.ts'
import { freePort } from '../tools/free-port.ts'
import { Leftovers } from '../tools/leftovers.ts'
import { startOurNode, type OurNode } from '../tools/our-node.ts'

const NAMES = ['a', 'b', 'c'] as const
const AGREED_WITHIN_MS = 60_000
const ASK_EVERY_MS = 100
const never = new AbortController().signal

export type ThreeNodes = readonly [a: OurNode, b: OurNode, c: OurNode]

/** Disposing ends the nodes, and whatever is between them. */
export interface Trio extends AsyncDisposable {
  readonly nodes: ThreeNodes
  /** Bytes that went between them so far, handshakes and frames included; 0 unless they are counted. */
  carriedBytes(): number
}

/**
 * Starts them and waits until all are heard. With `isCounted` whatever they say to each other
 * goes through us, which costs some of our time and some of theirs.
 */
export async function startTrio({ isCounted = false } = {}): Promise<Trio> {
  await using started = new Leftovers()
  const ports = [await freePort(), await freePort(), await freePort()]
  const proxies: TcpProxy[] = []
  // As seen from each of them: its own way to each other.
  const waysOf = async (at: number) => {
    const others = ports.filter((_, other) => other !== at).map((port) => `127.0.0.1:${port}`)
    if (!isCounted) return others
    const ways = await Promise.all(others.map((other) => TcpProxy.open(other)))
    for (const way of ways) proxies.push(started.use(way))
    return ways.map(({ address }) => address)
  }
  const starts = NAMES.map(async (id, at) => {
    const peers = ['--peers', (await waysOf(at)).join(',')]
    // Nobody is there, so that nothing goes around those who count.
    const args = isCounted ? [...peers, '--advertise', `127.0.0.1:${1 + at}`] : peers
    const http = `127.0.0.1:${ports[at] ?? 0}`
    return started.use(await startOurNode({ core: MEASURED_CORE, id, http, args }))
  })
  const nodes = (await Promise.all(starts)) as unknown as ThreeNodes
  await untilAllAlive(nodes)
  const leftovers = started.move()
  return {
    nodes,
    carriedBytes: () => proxies.reduce((sum, { carriedBytes }) => sum + carriedBytes, 0),
    [Symbol.asyncDispose]: () => leftovers[Symbol.asyncDispose](),
  }
}

/** Waits until each hears as many as there are. */
export async function untilAllAlive(nodes: readonly OurNode[]): Promise<void> {
  await untilEach(nodes, `hears all ${nodes.length}`, async (node) => {
    return (await node.sample('rollcall_members_alive')) === nodes.length
  })
}

/** Waits until each shows so many instances. */
export async function untilAllShow(nodes: readonly OurNode[], count: number): Promise<void> {
  await untilEach(nodes, `shows ${count} instances`, async (node) => {
    return (await node.sample('rollcall_instances')) >= count
  })
}

async function untilEach(
  nodes: readonly OurNode[],
  what: string,
  is: (node: OurNode) => Promise<boolean>,
): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + AGREED_WITHIN_MS
  for (const node of nodes) {
    while (!(await is(node))) {
      if (systemClock.monotonicMs() > deadlineMs) {
        throw new Error(`Not every node ${what}:\n${node.child.said}`)
      }
      await systemClock.sleep(ASK_EVERY_MS, never)
    }
  }
}
