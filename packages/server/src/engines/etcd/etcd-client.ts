/**
 * An etcd of several members: one of them is asked, and the next one when that fails.
 *
 * @module
 */

import type { ClientDuplexStream } from '@grpc/grpc-js'
import { invariant, type Clock, type Logger } from '@rollcall/runtime'
import { Endpoint, type EtcdTls } from './endpoint.ts'
import { EtcdFailure } from './etcd-failure.ts'
import { METHODS, type Method } from './methods.ts'

/** How long one try may take: longer than a sound member needs, shorter than an election. */
export const CALL_MS = 1_200
/** How often a read is tried, on one member after the other. */
const READ_TRIES = 3
const RETRY_AFTER_MS = 50
const never = new AbortController().signal

export interface EtcdAccess {
  /** `http://host:port`, `https://host:port` or `unix:/path`; one at least. */
  readonly endpoints: readonly string[]
  readonly tls?: EtcdTls
  readonly user?: { readonly name: string; readonly password: string }
}

export interface EtcdClientOptions extends EtcdAccess {
  readonly clock: Clock
  readonly log: Logger
}

export class EtcdClient {
  readonly #options: EtcdClientOptions
  readonly #endpoints: readonly Endpoint[]
  readonly #moved = new Set<() => void>()
  #current = 0
  #isClosed = false
  #token: Promise<string> | undefined

  constructor(options: EtcdClientOptions) {
    const { endpoints, tls = {}, clock } = options
    invariant(endpoints.length > 0, 'an etcd has one endpoint at least')
    this.#options = options
    this.#endpoints = endpoints.map((url) => new Endpoint({ url, tls, clock }))
  }

  /** The member that is asked at present. */
  get url(): string {
    return this.#endpoints[this.#current]?.url ?? ''
  }

  /**
   * Asks once. Rejects with an `EtcdFailure`; after `no_answer` it may have been done, and the
   * next call goes to another member.
   */
  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    timeoutMs = CALL_MS,
  ): Promise<Response> {
    try {
      return await this.#callWithToken(method, request, timeoutMs)
    } catch (error) {
      if (!(error instanceof EtcdFailure) || error.kind !== 'token_refused') throw error
      if (!this.#options.user) throw error
      // It was refused before anything was done.
      this.#token = undefined
      return await this.#callWithToken(method, request, timeoutMs)
    }
  }

  /** Asks what may be asked twice. Rejects with what whoever waits for it is told. */
  async read<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    timeoutMs = CALL_MS,
  ): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.call(method, request, timeoutMs)
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error
        const mayRetry = error.kind === 'no_answer' || error.kind === 'busy'
        if (!mayRetry || tries === READ_TRIES) throw error.refusal()
        await this.#options.clock.sleep(RETRY_AFTER_MS, never)
      }
    }
  }

  /** A stream to the member that is asked at present. */
  async stream<Request, Response>(
    method: Method<Request, Response>,
  ): Promise<{ readonly stream: ClientDuplexStream<Request, Response>; readonly url: string }> {
    const token = await this.#authenticated()
    const endpoint = this.#endpoint
    return { stream: endpoint.stream(method, token), url: endpoint.url }
  }

  /** Another member is asked from now on, unless that has happened already. */
  leave(url: string): void {
    if (this.#endpoints.length === 1 || url !== this.url) return
    this.#current = (this.#current + 1) % this.#endpoints.length
    this.#options.log.info({ from: url, to: this.url }, 'asks another member of etcd')
    for (const moved of this.#moved) moved()
  }

  /** A token that was refused, on whatever way, is not used again. */
  forgetToken(): void {
    this.#token = undefined
  }

  /** Called whenever another member is asked. Answers how to call that off. */
  onMoved(listener: () => void): () => void {
    this.#moved.add(listener)
    return () => this.#moved.delete(listener)
  }

  close(): void {
    this.#isClosed = true
    for (const endpoint of this.#endpoints) endpoint.close()
  }

  async #callWithToken<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response> {
    const token = await this.#authenticated()
    const endpoint = this.#endpoint
    try {
      return await endpoint.call(method, request, { timeoutMs, token })
    } catch (error) {
      if (error instanceof EtcdFailure && error.kind === 'no_answer') this.leave(endpoint.url)
      throw error
    }
  }

  async #authenticated(): Promise<string | undefined> {
    const { user } = this.#options
    if (!user) return undefined
    this.#token ??= this.#authenticate(user)
    try {
      return await this.#token
    } catch (error) {
      this.#token = undefined
      throw error
    }
  }

  async #authenticate(user: { readonly name: string; readonly password: string }): Promise<string> {
    const endpoint = this.#endpoint
    try {
      const options = { timeoutMs: CALL_MS, token: undefined }
      return (await endpoint.call(METHODS.authenticate, user, options)).token
    } catch (error) {
      if (error instanceof EtcdFailure && error.kind === 'no_answer') this.leave(endpoint.url)
      throw error
    }
  }

  get #endpoint(): Endpoint {
    if (this.#isClosed) throw new EtcdFailure('no_answer', 'the connections are closed')
    const endpoint = this.#endpoints[this.#current]
    invariant(endpoint !== undefined, 'one of the endpoints is asked')
    return endpoint
  }
}
