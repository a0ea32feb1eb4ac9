/**
 * A great many bare connections at once.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { RawSocket } from './raw-socket.ts'

/** Connected at a time, so that the queue of those that wait to be accepted never overflows. */
const AT_ONCE = 200

const TRICKLE_MS = 1_000

/** Files that a process has open besides its crowd. */
const OTHER_FILES = 500

/** Connections that are told what to send. Disposing cuts them all. */
export class Crowd implements Disposable {
  readonly sockets: readonly RawSocket[]

  constructor(sockets: readonly RawSocket[]) {
    this.sockets = sockets
  }

  /** Connects so many, and sends something over each. */
  static async open(
    url: string,
    count: number,
    bytesOf: (at: number) => string | Uint8Array,
  ): Promise<Crowd> {
    demandOpenFiles(count + OTHER_FILES)
    const sockets: RawSocket[] = []
    for (let first = 0; first < count; first += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - first) }, async (_, at) => {
        const socket = await RawSocket.open(url)
        socket.send(bytesOf(first + at))
        return socket
      })
      sockets.push(...(await Promise.all(some)))
    }
    return new Crowd(sockets)
  }

  get endedCount(): number {
    return this.sockets.filter(({ hasEnded }) => hasEnded).length
  }

  /** Sends a byte over each every second, until `signal` aborts. */
  async trickle(signal: AbortSignal): Promise<void> {
    while (await systemClock.sleep(TRICKLE_MS, signal)) {
      for (const socket of this.sockets) socket.send('x')
    }
  }

  /** Waits until each has been sent something. */
  async allReceive(pattern: RegExp, withinMs: number): Promise<void> {
    const came = () => this.sockets.every(({ received }) => pattern.test(received)) || undefined
    await until(`all ${this.sockets.length} were answered ${pattern}`, came, { withinMs })
  }

  /** Waits until the server has closed every connection. */
  async allClosed(withinMs: number): Promise<void> {
    const closed = () => this.endedCount === this.sockets.length || undefined
    await until(`all ${this.sockets.length} were closed`, closed, { withinMs })
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket[Symbol.dispose]()
  }
}

/** Node raises its limit of open files by itself, as far as it may. */
function demandOpenFiles(count: number): void {
  const said = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  if (said === 'unlimited' || Number(said) >= count) return
  throw new Error(
    `This test opens ${count} files and may open ${said}. Allow more (as root: \`ulimit -n 65536\`) and run it again.`,
  )
}
