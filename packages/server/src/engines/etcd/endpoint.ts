/**
 * One member of etcd as seen from here: a channel, its calls and its streams.
 *
 * @module
 */

import {
  Client,
  credentials,
  Metadata,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js'
import type { Clock } from '@rollcall/runtime'
import { failureOf } from './etcd-failure.ts'
import type { Method } from './methods.ts'

/** What TLS needs, as PEM. */
export interface EtcdTls {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

export interface EndpointOptions {
  /** `http://host:port`, `https://host:port` or `unix:/path`. */
  readonly url: string
  readonly tls: EtcdTls
  readonly clock: Pick<Clock, 'wallMs'>
}

/** What goes with one call. */
export interface CallOptions {
  readonly timeoutMs: number
  readonly token: string | undefined
}

const CHANNEL = {
  // A commit of ours is bounded; what etcd sends for a wide revision is not.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // etcd closes a connection that is pinged more often than each 5 s.
  'grpc.keepalive_time_ms': 6_000,
  'grpc.keepalive_timeout_ms': 2_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // What may be sent twice is for the caller to know.
  'grpc.enable_retries': 0,
} as const

export class Endpoint {
  readonly url: string
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #client: Client

  constructor({ url, tls, clock }: EndpointOptions) {
    this.url = url
    this.#clock = clock
    this.#client = new Client(targetOf(url), credentialsOf(url, tls), CHANNEL)
  }

  /** Rejects with an `EtcdFailure`. */
  call<Request, Response>(
    { path, serialize, deserialize }: Method<Request, Response>,
    request: Request,
    { timeoutMs, token }: CallOptions,
  ): Promise<Response> {
    const deadline = this.#clock.wallMs() + timeoutMs
    return new Promise((resolve, reject) => {
      const answer = (error: ServiceError | null, response?: Response) => {
        if (error) reject(failureOf(error))
        else resolve(response as Response)
      }
      const metadata = metadataOf(token)
      this.#client.makeUnaryRequest(
        path,
        serialize,
        deserialize,
        request,
        metadata,
        { deadline },
        answer,
      )
    })
  }

  /** A stream that ends when the member has no leader. Its errors are given meaning by `failureOf`. */
  stream<Request, Response>(
    { path, serialize, deserialize }: Method<Request, Response>,
    token: string | undefined,
  ): ClientDuplexStream<Request, Response> {
    const metadata = metadataOf(token)
    metadata.set('hasleader', 'true')
    return this.#client.makeBidiStreamRequest(path, serialize, deserialize, metadata)
  }

  close(): void {
    this.#client.close()
  }
}

function metadataOf(token: string | undefined): Metadata {
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('token', token)
  return metadata
}

function targetOf(url: string): string {
  return url.startsWith('unix:') ? url : new URL(url).host
}

function credentialsOf(url: string, { ca, cert, key }: EtcdTls): ChannelCredentials {
  if (!url.startsWith('https:')) return credentials.createInsecure()
  return credentials.createSsl(ca ?? null, key ?? null, cert ?? null)
}
