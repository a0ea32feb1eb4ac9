/**
 * A put at one of our nodes, and a watch of all such keys at another.
 *
 * @module
 */

import { connect } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { KEY_DIGITS, KEY_PREFIX, keyOf, kvPath } from '../catalog/workload.ts'
import { Connections } from './connections.ts'
import { MarkScanner } from './marks.ts'
import type { Ends } from './travel.ts'

export interface OurKvEndsOptions {
  readonly writeUrl: string
  readonly watchUrl: string
  readonly value: string
}

const MARK = { prefix: Buffer.from(`"key":"${KEY_PREFIX}`), digits: KEY_DIGITS }

export class OurKvEnds implements Ends {
  readonly #value: string
  readonly #watchUrl: URL
  readonly #writer: Connections

  constructor({ writeUrl, watchUrl, value }: OurKvEndsOptions) {
    this.#value = value
    this.#watchUrl = new URL(watchUrl)
    this.#writer = new Connections(writeUrl)
  }

  watch(found: (change: number) => void): Promise<void> {
    const { hostname, port, host } = this.#watchUrl
    const path = `${API_BASE}/watch?kv=${encodeURIComponent(KEY_PREFIX)}`
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`)
    const scanner = new MarkScanner(MARK)
    return new Promise((resolve, reject) => {
      socket.on('data', (chunk) => {
        if (chunk.includes('event: kv-snapshot')) resolve()
        scanner.feed(chunk, found)
      })
      socket.on('error', reject)
      socket.on('close', () => {
        throw new Error('The node closed the watch.')
      })
    })
  }

  async write(change: number): Promise<void> {
    await this.#writer.request('PUT', kvPath(keyOf(change)), this.#value)
  }
}
