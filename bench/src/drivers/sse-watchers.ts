/**
 * Driver: watchers of one service over server-sent events, and the changes that they see.
 *
 * @module
 */

import { connect } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { input } from './conversation.ts'
import type { Deliveries } from './deliveries.ts'
import { MarkScanner } from './marks.ts'
import { watchAll, type Watching } from './watching.ts'

const watching = input() as Watching
const { hostname, port, host } = new URL(watching.url)
const path = `${API_BASE}/watch?service=${watching.service}`
const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`
// One for all: what is read is looked at before the next socket is.
const buffer = Buffer.alloc(64 * 1_024)

await watchAll(watching, open)

function open(watcher: number, sink: Deliveries): Promise<void> {
  return new Promise((resolve, reject) => {
    const scanner = new MarkScanner()
    let isOpen = false
    const callback = (count: number) => {
      const atMs = systemClock.monotonicMs()
      const chunk = buffer.subarray(0, count)
      if (!isOpen) {
        isOpen = true
        if (chunk.includes('HTTP/1.1 200')) resolve()
        else reject(new Error(`No watch: ${chunk.toString()}`))
      }
      scanner.feed(chunk, (change) => {
        sink.note(watcher, change, atMs)
      })
      return true
    }
    const socket = connect({ host: hostname, port: Number(port), onread: { buffer, callback } })
    socket.on('connect', () => socket.write(request))
    socket.on('error', reject)
    socket.on('close', () => {
      throw new Error(`The node closed the watch of watcher ${watcher}.`)
    })
  })
}
