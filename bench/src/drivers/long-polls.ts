/**
 * Driver: readers that wait for one service to change, each asking again as soon as it was
 * answered, and the changes that they see.
 *
 * @module
 */

import { API_BASE, HEADERS } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { Connection, mustSucceed } from './connection.ts'
import { input } from './conversation.ts'
import type { Deliveries } from './deliveries.ts'
import { eachMark } from './marks.ts'
import { headerIn, type HttpAnswer } from './response-reader.ts'
import { watchAll, type Watching } from './watching.ts'

const WAIT = '120s'

const watching = input() as Watching
const path = `${API_BASE}/services/${watching.service}`

await watchAll(watching, open)

/** Resolves once the reader has what there is, and its first wait is on the way. */
async function open(watcher: number, sink: Deliveries): Promise<void> {
  const connection = new Connection(watching.url)
  const answer = await mustSucceed(connection, 'GET', path)
  void poll(connection, tokenOf(answer), (change, atMs) => {
    sink.note(watcher, change, atMs)
  })
}

async function poll(
  connection: Connection,
  since: string,
  note: (change: number, atMs: number) => void,
): Promise<void> {
  for (let token = since; ;) {
    const answer = await connection.request('GET', `${path}?after=${token}&wait=${WAIT}`)
    const atMs = systemClock.monotonicMs()
    if (answer.status !== 200 && answer.status !== 304) {
      throw new Error(`A long poll was answered with ${answer.status}: ${String(answer.body)}`)
    }
    eachMark(answer.body, (change) => {
      note(change, atMs)
    })
    token = tokenOf(answer)
  }
}

function tokenOf({ head }: HttpAnswer): string {
  const token = headerIn(head, HEADERS.token)
  if (token === undefined) throw new Error(`An answer without a token:\n${head}`)
  return encodeURIComponent(token)
}
