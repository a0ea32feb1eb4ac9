/**
 * Requests to whichever server answers.
 *
 * What goes by `call` may be sent twice without harm (on the instance plane a session tells one
 * process from the next), so any failure to get an answer, a timeout too, moves on to the next
 * server. What may not goes by `callOnce`.
 *
 * @module
 */

import { setMaxListeners } from 'node:events'
import { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { RegistryError, invalidArgument } from '@rollcall/protocol'
import type { Clock, Logger, Random } from '@rollcall/runtime'
import { BYTES_TYPE, answerOf, notAsked, type Answer } from './answers.ts'
import { LinkedSignal, reasonOf } from './linked-signal.ts'
import { askAgain } from './lost-answers.ts'
import { isRegistryError, mayBeDone, worthAnotherServer } from './problems.ts'
import { Servers, type Server } from './servers.ts'
import { noServer, unreachable, type Failure } from './unanswered.ts'

/** A server that takes no connection in this time is gone; one that took it may think longer. */
const CONNECT_WITHIN_MS = 3_000
const EVENTS = 'text/event-stream'

export interface HttpTransportOptions {
  readonly servers: readonly string[]
  readonly token: string | undefined
  readonly timeoutMs: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** One request, whoever answers it. */
export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the server's base, with its query. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, in place of `body`. */
  readonly bytes?: Uint8Array
  /** Sent piece by piece, in place of both; called for each server that is asked. */
  readonly upload?: () => AsyncIterable<Uint8Array>
  /** For `open`: the type of an answer that goes on, default that of events. */
  readonly streams?: string
  /** What the answer has to be, default JSON. Refusals are JSON whatever is expected. */
  readonly expects?: 'json' | 'bytes'
  readonly headers?: Readonly<Record<string, string>>
  /** How long the server was asked to hold the request; comes on top of the timeout. */
  readonly waitMs?: number
  /** How long one server may take, in place of the client's limit; may be infinite. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** An answer that goes on. Whoever opened it ends it. */
export interface OpenStream {
  readonly server: Server
  readonly chunks: AsyncIterable<Uint8Array>
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
  /** Breaks it off; reading on then throws `reason`. */
  end(reason?: Error): void
}

/** Speaks HTTP through connections of its own, which `close` ends. */
export class HttpTransport {
  readonly #options: HttpTransportOptions
  readonly #servers: Servers
  readonly #agent: Agent
  readonly #closing = new AbortController()

  constructor(options: HttpTransportOptions) {
    const { token } = options
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw invalidArgument('A token is printable ASCII without spaces.')
    }
    // Each request listens to it until it ends, and there may be many at a time.
    setMaxListeners(0, this.#closing.signal)
    this.#options = options
    this.#servers = new Servers(options.servers)
    const connect = { timeout: Math.min(CONNECT_WITHIN_MS, options.timeoutMs) }
    // Our clock limits each request as a whole; the agent's own limits would cut long polls.
    this.#agent = new Agent({ connect, headersTimeout: 0, bodyTimeout: 0 })
  }

  /** Aborts when the client is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /**
   * Asks the servers in turn until one answers. Throws that one's refusal, `unavailable` when
   * none answered, and the reason of `call.signal` when that aborts.
   */
  call(call: Call): Promise<Answer> {
    return this.#inTurn(call, (server) => this.#exchange(server, call))
  }

  /**
   * As `call`, for a write that carries a key by which its server knows it again: one that may have
   * been done is asked about where it was sent, for as long as one answer may take. Throws
   * `outcome_unknown` when that stays open.
   */
  callOnce(call: Call): Promise<Answer> {
    const { clock, random, timeoutMs } = this.#options
    const untilMs = clock.monotonicMs() + timeoutMs
    const ask = (server: Server) => this.#exchange(server, call)
    return this.#inTurn(call, ask, async (server, lost) => {
      const stop = new LinkedSignal(this.closing, call.signal)
      try {
        const options = { clock, random, untilMs, signal: stop.signal }
        return await askAgain(() => ask(server), lost, options)
      } finally {
        stop.release()
      }
    })
  }

  /**
   * As `call`, for what may not be done twice and carries no key: throws `outcome_unknown` when a
   * server may have done it and did not say.
   */
  upload(call: Call): Promise<Answer> {
    const ask = (server: Server) => this.#exchange(server, call)
    return this.#inTurn(call, ask, (_server, cause) => {
      const message = `It may have been done; the server did not say: ${cause.message}`
      throw new RegistryError('outcome_unknown', message, { cause })
    })
  }

  /** As `call`, for an answer that goes on; the time limit ends with its headers. */
  open(call: Call): Promise<OpenStream> {
    return this.#inTurn(call, (server) => this.#openOn(server, call))
  }

  /** Asks every server once until one answers with this status; false when none does. */
  async anyAnswers(call: Call, status: number): Promise<boolean> {
    for (const server of this.#servers.inTurn()) {
      try {
        const answer = await this.#exchange(server, call)
        if (answer.status === status) return true
      } catch (error) {
        if (!isRegistryError(error)) throw error
      }
    }
    return false
  }

  /** Prefers another server from now on, if this one is preferred and there is another. */
  leave(server: Server): void {
    if (!this.#servers.leave(server)) return
    const [next] = this.#servers.inTurn()
    this.#options.log.info({ from: server.url, to: next?.url }, 'changed the registry server')
  }

  /** Breaks off what is going on and closes all connections. Safe to call again. */
  async close(): Promise<void> {
    this.#closing.abort(new RegistryError('unavailable', 'This client was closed.'))
    await this.#agent.destroy()
  }

  async #inTurn<T>(
    { signal }: Call,
    attempt: (server: Server) => Promise<T>,
    whenLost?: (server: Server, error: RegistryError) => Promise<T>,
  ): Promise<T> {
    const failures: Failure[] = []
    for (const server of this.#servers.inTurn()) {
      try {
        return await attempt(server)
      } catch (error) {
        const givenUp = this.closing.aborted || signal?.aborted === true
        if (givenUp || !isRegistryError(error) || !worthAnotherServer(error)) throw error
        if (whenLost && mayBeDone(error)) return await whenLost(server, error)
        failures.push({ server, error })
        this.leave(server)
      }
    }
    throw noServer(failures)
  }

  async #exchange(server: Server, call: Call): Promise<Answer> {
    const limits = this.#limited(server, call)
    try {
      const response = await this.#send(server, call, limits)
      const read = await limits.race(response.body.arrayBuffer()).catch((error: unknown) => {
        throw unreachable(server, error, limits.signal)
      })
      return answerOf({ server, response, bytes: Buffer.from(read) }, call.expects)
    } finally {
      limits.release()
    }
  }

  async #openOn(server: Server, call: Call): Promise<OpenStream> {
    const limits = this.#limited(server, call)
    try {
      const response = await this.#send(server, call, limits)
      const type = String(response.headers['content-type'] ?? '')
      if (response.statusCode !== 200 || !type.startsWith(call.streams ?? EVENTS)) {
        const bytes = Buffer.from(await limits.race(response.body.arrayBuffer()))
        answerOf({ server, response, bytes })
        throw notAsked(server, `${response.statusCode} ${type}`)
      }
      limits.lift()
      return {
        server,
        chunks: response.body as AsyncIterable<Uint8Array>,
        header: (name) => response.headers[name]?.toString(),
        end: (reason = new Error('The stream was ended.')) => {
          limits.abort(reason)
          limits.release()
        },
      }
    } catch (error) {
      limits.release()
      throw error
    }
  }

  async #send(server: Server, call: Call, limits: LinkedSignal): Promise<Dispatcher.ResponseData> {
    const { token } = this.#options
    const { signal } = limits
    if (signal.aborted) throw reasonOf(signal)
    const body = bodyOf(call)
    const request = this.#agent.request({
      origin: server.origin,
      path: server.base + call.path,
      method: call.method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === null ? {} : { 'content-type': call.bytes ? BYTES_TYPE : 'application/json' }),
        ...call.headers,
      },
      body,
      signal,
    })
    // A request that still waits for its connection does not heed the signal; the race does.
    return limits.race(request).catch((error: unknown) => {
      throw unreachable(server, error, signal)
    })
  }

  #limited(server: Server, call: Call): LinkedSignal {
    const { clock } = this.#options
    const limits = new LinkedSignal(this.closing, call.signal)
    const ms = (call.timeoutMs ?? this.#options.timeoutMs) + (call.waitMs ?? 0)
    const message = `${server.url} did not answer within ${ms} ms.`
    const details = { server: server.url, mayBeDone: true }
    if (Number.isFinite(ms)) {
      limits.limit(clock, ms, new RegistryError('unavailable', message, { details }))
    }
    return limits
  }
}

function bodyOf({ body, bytes, upload }: Call): string | Uint8Array | Readable | null {
  if (upload) return Readable.from(upload(), { objectMode: false })
  if (bytes) return bytes
  return body === undefined ? null : JSON.stringify(body)
}
