/**
 * Ports for nodes whose address others must know before they run.
 *
 * @module
 */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { systemRandom } from '@rollcall/runtime'

const LEAST = 10_000
/** Where the system hands out its own from, unless somebody changed that. */
const USUAL_MOST = 32_768
const TRIES = 100

/** Those that were handed out and may not be in use yet. */
const given = new Set<number>()

/**
 * A port of loopback that nobody has. It is below those that the system hands out by itself,
 * where there is room, so nobody gets it by chance before a node does.
 */
export async function freePort(): Promise<number> {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
  const first = Number.parseInt(range, 10)
  const most = first > LEAST ? first : USUAL_MOST
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = LEAST + Math.floor(systemRandom() * (most - LEAST))
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
  throw new Error(`No port between ${LEAST} and ${most} is free.`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
