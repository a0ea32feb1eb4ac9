/**
 * Requests to whichever server answers.
 *
 * Every call of the instance plane may be sent twice without harm (a session tells one process
 * from the next), so any failure to get an answer, a timeout too, moves on to the next server.
 *
 * @module
 */

import { setMaxListeners } from 'node:events'
import { Agent, errors, type Dispatcher } from 'undici'
import { RegistryError, invalidArgument } from '@rollcall/protocol'
import type { Clock, Logger } from '@rollcall/runtime'
import { LinkedSignal, reasonOf } from './linked-signal.ts'
import { errorOf, isRegistryError, worthAnotherServer } from './problems.ts'
import { Servers, type Server } from './servers.ts'

/** A server that takes no connection in this time is gone; one that took it may think longer. */
const CONNECT_WITHIN_MS = 3_000

export interface HttpTransportOptions {
  readonly servers: readonly string[]
  readonly token: string | undefined
  readonly timeoutMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** One request, whoever answers it. */
export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the server's base, with its query. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** How long the server was asked to hold the request; comes on top of the timeout. */
  readonly waitMs?: number
  readonly signal?: AbortSignal | undefined
}

/** An answer that was read to its end, with a status below 400. */
export interface Answer {
  readonly status: number
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
}

/** An answer that goes on. Whoever opened it ends it. */
export interface OpenStream {
  readonly server: Server
  readonly chunks: AsyncIterable<Uint8Array>
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

  async #inTurn<T>({ signal }: Call, attempt: (server: Server) => Promise<T>): Promise<T> {
    const failures: Failure[] = []
    for (const server of this.#servers.inTurn()) {
      try {
        return await attempt(server)
      } catch (error) {
        const givenUp = this.closing.aborted || signal?.aborted === true
        if (givenUp || !isRegistryError(error) || !worthAnotherServer(error)) throw error
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
      const text = await limits.race(response.body.text()).catch((error: unknown) => {
        throw unreachable(server, error, limits.signal)
      })
      return answerOf(server, response, text)
    } finally {
      limits.release()
    }
  }

  async #openOn(server: Server, call: Call): Promise<OpenStream> {
    const limits = this.#limited(server, call)
    try {
      const response = await this.#send(server, call, limits)
      const type = String(response.headers['content-type'] ?? '')
      if (response.statusCode !== 200 || !type.startsWith('text/event-stream')) {
        const text = await limits.race(response.body.text())
        answerOf(server, response, text)
        throw notAsked(server, `${response.statusCode} ${type}`)
      }
      limits.lift()
      return {
        server,
        chunks: response.body as AsyncIterable<Uint8Array>,
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
    const request = this.#agent.request({
      origin: server.origin,
      path: server.base + call.path,
      method: call.method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
    })
    // A request that still waits for its connection does not heed the signal; the race does.
    return limits.race(request).catch((error: unknown) => {
      throw unreachable(server, error, signal)
    })
  }

  #limited(server: Server, call: Call): LinkedSignal {
    const { clock, timeoutMs } = this.#options
    const limits = new LinkedSignal(this.closing, call.signal)
    const ms = timeoutMs + (call.waitMs ?? 0)
    const message = `${server.url} did not answer within ${ms} ms.`
    limits.limit(clock, ms, new RegistryError('unavailable', message))
    return limits
  }
}

interface Failure {
  readonly server: Server
  readonly error: RegistryError
}

function answerOf(server: Server, response: Dispatcher.ResponseData, text: string): Answer {
  const { statusCode: status, headers } = response
  const body = parse(text)
  if (status >= 400) throw errorOf({ status, body, server: server.url })
  if (text !== '' && body === undefined) throw notAsked(server, `${status} without JSON`)
  return {
    status,
    body,
    header: (name) => {
      const value = headers[name]
      return typeof value === 'string' ? value : value?.[0]
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function notAsked(server: Server, what: string): RegistryError {
  const message = `${server.url} answered ${what}, which was not asked for; is it a registry?`
  return new RegistryError('internal', message, { details: { server: server.url } })
}

/** What a failed request means: our own abort as it is, a wrong use as the bug it is, else no server. */
function unreachable(server: Server, error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return reasonOf(signal)
  if (error instanceof errors.InvalidArgumentError) return error
  return new RegistryError('unavailable', `${server.url} failed: ${shortly(error)}.`, {
    cause: error,
    details: { server: server.url },
  })
}

/** The refusal of the only server stands for itself; several are one `unavailable` that names them all. */
function noServer(failures: readonly Failure[]): RegistryError {
  const [first] = failures
  if (failures.length === 1 && first && first.error.cause === undefined) return first.error
  const tried = failures.map(({ server, error }) => `${server.url} (${shortly(error)})`)
  const causes = failures.map(({ error }) => error)
  const message = `No registry server answered; tried ${tried.join(', ')}.`
  return new RegistryError('unavailable', message, {
    cause: causes.length === 1 ? causes[0] : new AggregateError(causes, message),
    details: { servers: failures.map(({ server }) => server.url) },
  })
}

/** The shortest thing that tells one failure from another: a code where there is one. */
function shortly(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (isRegistryError(error) && cause !== undefined) return shortly(cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
