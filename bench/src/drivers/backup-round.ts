/**
 * Driver: takes a backup of a node into a file, and puts it back from there.
 *
 * @module
 */

import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { API_BASE } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { input, listen, report, told } from './conversation.ts'

export interface BackupRound {
  readonly url: string
  readonly file: string
}

export interface BackupReport {
  readonly seconds: number
  readonly bytes: number
}

export interface RestoreReport {
  readonly seconds: number
  /** Lines of keys that were put back. */
  readonly count: number
}

const { url, file } = input() as BackupRound
listen()
await told('backup')
const [backupSeconds] = await timed(async () => {
  const answer = await send('GET', '/backup')
  await pipeline(answer, createWriteStream(file))
})
report('backup', { seconds: backupSeconds, bytes: (await stat(file)).size } satisfies BackupReport)
await told('restore')
const [restoreSeconds, text] = await timed(async () => {
  const answer = await send('POST', '/restore', file)
  return (await answer.toArray()).join('')
})
const { count } = JSON.parse(text) as { readonly count: number }
report('restore', { seconds: restoreSeconds, count } satisfies RestoreReport)
process.exit(0)

async function send(method: string, path: string, body?: string): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/x-ndjson' }
  const sent = request(`${url}${API_BASE}${path}`, {
    method,
    ...(body !== undefined && { headers }),
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject)
  })
  if (body === undefined) sent.end()
  else await pipeline(createReadStream(body), sent)
  const answer = await answered
  if (answer.statusCode === 200) return answer
  const text = (await answer.toArray()).join('')
  throw new Error(`${method} ${path} was answered with ${String(answer.statusCode)}: ${text}`)
}

async function timed<T>(act: () => Promise<T>): Promise<readonly [seconds: number, result: T]> {
  const sinceMs = systemClock.monotonicMs()
  const result = await act()
  return [(systemClock.monotonicMs() - sinceMs) / 1_000, result]
}
