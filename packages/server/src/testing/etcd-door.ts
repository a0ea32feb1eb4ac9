/**
 * A door before a member of etcd that lets each call through, or keeps it back, or loses its answer,
 * or refuses it, as a test decides. What is kept back can be let through later: a copy that was
 * long on its way.
 *
 * @module
 */

import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status as STATUS,
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js'
import { METHODS } from '../engines/etcd/methods.ts'

/** What becomes of one call. */
export type Passage =
  | 'pass'
  /** It does not arrive before `letThrough`; whoever asks is told that nobody answers. */
  | 'keep'
  /** It is done, and whoever asks is told that nobody answers. */
  | 'lose'
  /** It does not arrive; etcd seems to say this. */
  | { readonly code: number; readonly details: string }
  /** It is done, and etcd seems to say something else. */
  | { readonly alter: (answer: Buffer) => Buffer }

/** One call as it comes, in bytes. Keys and values can be found in them. */
export interface DoorCall {
  readonly path: string
  readonly bytes: Buffer
}

type Decide = (call: DoorCall) => Passage | Promise<Passage>

const UNLIMITED = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
} as const
const STREAMS: ReadonlySet<string> = new Set([METHODS.watch.path, METHODS.keepAlive.path])
const asIs = (bytes: Buffer) => bytes

export class EtcdDoor implements AsyncDisposable {
  /** Asked for each call that is no stream. */
  decide: Decide = () => 'pass'
  readonly #server = new Server(UNLIMITED)
  readonly #etcd: Client
  #kept: DoorCall[] = []
  /** What watches bring, while that is kept back. */
  #events: (() => void)[] | undefined
  #port = 0

  private constructor(url: string) {
    this.#etcd = new Client(new URL(url).host, credentials.createInsecure(), UNLIMITED)
    for (const { path } of Object.values(METHODS)) this.#serve(path)
  }

  static async before(url: string): Promise<EtcdDoor> {
    const door = new EtcdDoor(url)
    door.#port = await new Promise<number>((resolve, reject) => {
      door.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error)
        else resolve(port)
      })
    })
    return door
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** How many calls are kept back. */
  get kept(): number {
    return this.#kept.length
  }

  /** From now on watches bring nothing, and stay open. */
  keepEvents(): void {
    this.#events ??= []
  }

  /** Watches bring what was kept back, and go on. */
  letEventsThrough(): void {
    const events = this.#events ?? []
    this.#events = undefined
    for (const bring of events) bring()
  }

  /** What was kept back arrives now; resolves once etcd has answered all of it, however. */
  async letThrough(): Promise<void> {
    const kept = this.#kept
    this.#kept = []
    await Promise.allSettled(kept.map((call) => this.#ask(call)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown()
    this.#etcd.close()
    return Promise.resolve()
  }

  #serve(path: string): void {
    const isStream = STREAMS.has(path)
    const definition = {
      path,
      requestStream: isStream,
      responseStream: isStream,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    }
    this.#server.addService(
      { call: definition },
      { call: isStream ? this.#lead(path) : this.#take(path) },
    )
  }

  #take(path: string): handleUnaryCall<Buffer, Buffer> {
    return ({ request }, answer) => {
      this.#answer({ path, bytes: request }).then(
        (bytes) => {
          answer(null, bytes)
        },
        (error: unknown) => {
          const { code, details } = error as ServiceError
          answer({ code, details })
        },
      )
    }
  }

  async #answer(call: DoorCall): Promise<Buffer> {
    const passage = await this.decide(call)
    if (passage === 'pass') return await this.#ask(call)
    if (typeof passage === 'object' && 'alter' in passage) {
      return passage.alter(await this.#ask(call))
    }
    if (passage === 'keep') this.#kept.push(call)
    else if (passage === 'lose') await this.#ask(call)
    const nobody = { code: STATUS.UNAVAILABLE, details: 'a test has lost the answer' }
    throw Object.assign(
      new Error('not let through'),
      typeof passage === 'string' ? nobody : passage,
    )
  }

  #ask({ path, bytes }: DoorCall): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#etcd.makeUnaryRequest(path, asIs, asIs, bytes, new Metadata(), (error, response) => {
        if (error) reject(error)
        else resolve(response ?? Buffer.alloc(0))
      })
    })
  }

  #lead(path: string): handleBidiStreamingCall<Buffer, Buffer> {
    return (inward) => {
      const onward = this.#etcd.makeBidiStreamRequest(path, asIs, asIs, inward.metadata)
      inward.on('data', (bytes: Buffer) => onward.write(bytes))
      inward.on('end', () => {
        onward.end()
      })
      inward.on('cancelled', () => {
        onward.cancel()
      })
      onward.on('data', (bytes: Buffer) => {
        const bring = () => inward.write(bytes)
        if (path === METHODS.watch.path && this.#events) this.#events.push(bring)
        else bring()
      })
      onward.on('error', ({ code, details }: ServiceError) => {
        inward.emit('error', { code, details })
      })
      onward.on('end', () => {
        inward.end()
      })
    }
  }
}
