/**
 * A registration at one of our nodes, and a watch of all services at another.
 *
 * @module
 */

import { connect } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { pathOf, registrationOf, serviceOf, type Workload } from '../instances/workload.ts'
import { Connections } from './connections.ts'
import { markedOf, MarkScanner } from './marks.ts'
import type { Ends } from './travel.ts'

export class OurEnds implements Ends {
  readonly #workload: Workload
  readonly #watchUrl: URL
  readonly #writer: Connections

  constructor(options: { writeUrl: string; watchUrl: string; workload: Workload }) {
    this.#workload = options.workload
    this.#watchUrl = new URL(options.watchUrl)
    this.#writer = new Connections(options.writeUrl)
  }

  watch(found: (change: number) => void): Promise<void> {
    const { hostname, port, host } = this.#watchUrl
    const services = Array.from({ length: this.#workload.services }, (_, at) => at)
    const query = services.map((at) => `service=${serviceOf(this.#workload, at)}`).join('&')
    const head = `GET ${API_BASE}/watch?${query} HTTP/1.1\r\nHost: ${host}\r\n`
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.write(`${head}Accept: text/event-stream\r\n\r\n`)
    const scanner = new MarkScanner()
    let snapshots = 0
    return new Promise((resolve, reject) => {
      socket.on('data', (chunk) => {
        snapshots += chunk.toString('latin1').split('event: snapshot').length - 1
        if (snapshots >= services.length) resolve()
        scanner.feed(chunk, found)
      })
      socket.on('error', reject)
      socket.on('close', () => {
        throw new Error('The node closed the watch.')
      })
    })
  }

  async write(change: number): Promise<void> {
    const body = markedOf(registrationOf(this.#workload, change), change)
    await this.#writer.request('PUT', pathOf(this.#workload, change), body)
  }
}
