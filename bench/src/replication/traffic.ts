/**
 * What goes between nodes in a while.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import type { Trio } from './trio.ts'

/** What the nodes of a cluster said to each other, all together. */
export interface Traffic {
  readonly seconds: number
  /** Messages of any kind, as the senders count them. */
  readonly messages: number
  readonly bytes: number
  /** Records, each counted for each peer that it was sent to. */
  readonly records: number
  /** Renewals on their way to the home of their instance. */
  readonly forwarded: number
}

const MESSAGES = 'rollcall_peer_messages_sent_total{'

/** Begins to count; the returned function answers what there was since. */
export async function countTraffic(trio: Trio): Promise<() => Promise<Traffic>> {
  const before = await totalsOf(trio)
  return async () => {
    const after = await totalsOf(trio)
    return {
      seconds: (after.atMs - before.atMs) / 1_000,
      messages: after.messages - before.messages,
      bytes: after.bytes - before.bytes,
      records: after.records - before.records,
      forwarded: after.forwarded - before.forwarded,
    }
  }
}

/** What there was beyond what an idle cluster says in as long. */
export function beyond(traffic: Traffic, idle: Traffic): Traffic {
  const share = traffic.seconds / idle.seconds
  return {
    ...traffic,
    messages: traffic.messages - idle.messages * share,
    bytes: traffic.bytes - idle.bytes * share,
  }
}

async function totalsOf(trio: Trio) {
  const pages = await Promise.all(trio.nodes.map((node) => node.samples()))
  const sum = (matches: (series: string) => boolean) => {
    let total = 0
    let found = 0
    for (const [series, value] of pages.flatMap((page) => [...page])) {
      if (!matches(series)) continue
      total += value
      found += 1
    }
    if (found === 0) throw new Error('The nodes have no such metric.')
    return total
  }
  return {
    atMs: systemClock.monotonicMs(),
    bytes: trio.carriedBytes(),
    messages: sum((series) => series.startsWith(MESSAGES)),
    records: sum((series) => series === 'rollcall_peer_records_sent_total'),
    forwarded: sum((series) => series === 'rollcall_peer_renewals_forwarded_total'),
  }
}
