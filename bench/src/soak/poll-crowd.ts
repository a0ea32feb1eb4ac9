/**
 * A crowd that polls: very many connections, each with a few requests that wait.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'

/** Connected at a time, so that the queue of those that wait to be accepted never overflows. */
const AT_ONCE = 200
/**
 * Linux has some 28,000 ports for connections to one port. More from further source addresses
 * would do, but each port that is bound to an address is lost to everybody who binds none.
 */
const PORTS = 25_000
/** Files that either side has open besides. */
const OTHER_FILES = 1_000

const ANSWER = Buffer.from('HTTP/1.1 ')
const STATUS_BYTES = 3

/** Over how many connections so many polls wait: as many as there may be. */
export function connectionsFor(polls: number): number {
  const said = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  const files = said === 'unlimited' ? Infinity : Number(said) - OTHER_FILES
  const most = Math.min(files, PORTS)
  if (most < 1)
    throw new Error(`No more than ${said} files may be open; allow 65,536 (\`ulimit -n\`).`)
  return Math.min(polls, most)
}

/** Requests that wait. Disposing cuts all connections. */
export class PollCrowd implements Disposable {
  readonly #url: URL
  readonly #sockets: Socket[] = []
  /** How often each status was answered. */
  readonly #answers = new Map<string, number>()
  // One for all: what is read is looked at before the next socket is.
  readonly #buffer = Buffer.alloc(64 * 1_024)
  #lost = 0

  constructor(url: string) {
    this.#url = new URL(url)
  }

  get connections(): number {
    return this.#sockets.length
  }

  /** Connections that the node has closed. */
  get lost(): number {
    return this.#lost
  }

  answered(status: number): number {
    return this.#answers.get(String(status)) ?? 0
  }

  /** Sends so many requests for `path` over so many connections. */
  async open(path: string, polls: number, connections: number): Promise<void> {
    const request = `GET ${path} HTTP/1.1\r\nHost: ${this.#url.host}\r\n\r\n`
    for (let first = 0; first < connections; first += AT_ONCE) {
      const count = Math.min(AT_ONCE, connections - first)
      const some = Array.from({ length: count }, async (_, at) => {
        const socket = await this.#connect()
        const share = Math.floor(polls / connections)
        const more = first + at < polls % connections ? 1 : 0
        socket.write(request.repeat(share + more))
      })
      await Promise.all(some)
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.splice(0)) {
      socket.removeAllListeners('close').destroy()
    }
  }

  #connect(): Promise<Socket> {
    const { hostname, port } = this.#url
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: hostname,
        port: Number(port),
        onread: {
          buffer: this.#buffer,
          callback: (count) => {
            this.#count(this.#buffer.subarray(0, count))
            return true
          },
        },
      })
      this.#sockets.push(socket)
      socket.once('connect', () => {
        resolve(socket)
      })
      socket.on('error', reject)
      socket.once('close', () => {
        this.#lost += 1
      })
    })
  }

  /** The answers of one service are small, and come whole but for the rarest cut. */
  #count(bytes: Buffer): void {
    for (let at = bytes.indexOf(ANSWER); at >= 0; at = bytes.indexOf(ANSWER, at + 1)) {
      const from = at + ANSWER.length
      const status = bytes.toString('latin1', from, from + STATUS_BYTES)
      this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1)
    }
  }
}
