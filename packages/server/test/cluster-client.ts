/**
 * A client process of the simulated cluster: registers one instance, renews it, and does what
 * a client should when it is told no, or nothing.
 *
 * @module
 */

import type { Random } from '@rollcall/runtime'
import type { InstanceStatus } from '../src/model/instance-status.ts'
import type { InstanceRef } from '../src/model/instance-key.ts'
import type { EventQueue } from '../src/testing/simulation/event-queue.ts'
import type { ClientEvent, OpName } from './cluster-history.ts'

interface RequestBase {
  readonly ref: InstanceRef
  readonly session?: number | undefined
}

export type Request = RequestBase &
  (
    | { readonly op: 'register'; readonly version: string; readonly ttlMs: number }
    | { readonly op: 'renew'; readonly content: number | undefined }
    | { readonly op: 'cancel' }
    | { readonly op: 'override'; readonly value: InstanceStatus | null }
    | { readonly op: 'weigh'; readonly weight: number }
  )

export type Answer =
  | { readonly status: 'ok'; readonly home?: string; readonly content?: number }
  | { readonly status: 'superseded'; readonly session: number }
  | { readonly status: 'not_found' | 'unavailable' | 'invalid' | 'unreachable' }

/** How a client finds nodes. */
export interface ClientHabits {
  /** Its nodes, the preferred first. */
  readonly nodes: () => readonly string[]
  /** Behind a balancer each request goes anywhere; else it stays with a node while that answers. */
  readonly isBalanced: boolean
  /** Goes to the home that a renewal names. */
  readonly followsHome: boolean
  readonly hasSession: boolean
  readonly heartbeatMs: number
  readonly ttlMs: number
}

export interface ClientPort {
  readonly queue: EventQueue
  readonly random: Random
  readonly wallMs: () => number
  /** Sends a request to a node; `answer` is called when something comes back. */
  readonly send: (node: string, request: Request, answer: (answer: Answer) => void) => void
  readonly note: (event: ClientEvent) => void
}

/** No answer after this means to try elsewhere. */
const TIMEOUT_MS = 1_000
const RETRY_MS = 50
/** After every node was tried once. */
const PAUSE_MS = 500

export class ClientProcess {
  readonly id: number
  readonly ref: InstanceRef
  version: string
  readonly #habits: ClientHabits
  readonly #port: ClientPort
  #session: number | undefined
  #content: number | undefined
  #isRegistered = false
  /** Whether any registration ever succeeded: only before it may a conflict be outdone. */
  #wasRegistered = false
  #isAlive = false
  #isLeaving = false
  #node: string | undefined
  #tried = 0
  /** Tells the answer that is waited for from those that come too late. */
  #attempt = 0
  #stopTimer: () => void = () => {}

  constructor(
    id: number,
    instance: { readonly ref: InstanceRef; readonly version: string },
    parts: { readonly habits: ClientHabits; readonly port: ClientPort },
  ) {
    this.id = id
    this.ref = instance.ref
    this.version = instance.version
    this.#habits = parts.habits
    this.#port = parts.port
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get hasSession(): boolean {
    return this.#habits.hasSession
  }

  /** Begins; `session` is taken once, from its own clock. */
  start(): void {
    this.#isAlive = true
    this.#session = this.#habits.hasSession ? Math.floor(this.#port.wallMs()) : undefined
    this.#note({ kind: 'started' })
    this.#begin('register')
  }

  /** Ends without a word. What it sent before may still arrive. */
  crash(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#stopTimer()
    this.#attempt += 1
    this.#note({ kind: 'crashed' })
  }

  /** Ends in good order. */
  leave(): void {
    if (!this.#isAlive || this.#isLeaving) return
    this.#isLeaving = true
    this.#note({ kind: 'leaving' })
    this.#begin('cancel')
  }

  /** Says something new of itself. */
  change(version: string): void {
    if (!this.#isAlive || this.#isLeaving) return
    this.version = version
    this.#begin('register')
  }

  /** Goes to another node from now on. */
  moveTo(node: string): void {
    this.#node = node
  }

  #begin(op: OpName): void {
    this.#tried = 0
    this.#try(op)
  }

  #try(op: OpName): void {
    this.#stopTimer()
    this.#attempt += 1
    const attempt = this.#attempt
    const node = this.#pickNode()
    this.#stopTimer = this.#port.queue.after(TIMEOUT_MS, () => {
      this.#failed(op, node)
    })
    this.#port.send(node, this.#request(op), (answer) => {
      if (attempt === this.#attempt) this.#answered(op, node, answer)
    })
  }

  #request(op: OpName): Request {
    const { ref, version } = this
    const session = this.#session
    if (op === 'register') return { op, ref, session, version, ttlMs: this.#habits.ttlMs }
    if (op === 'renew') return { op, ref, session, content: this.#content }
    return { op, ref, session }
  }

  #pickNode(): string {
    const nodes = this.#habits.nodes()
    if (!this.#habits.isBalanced) {
      if (this.#node === undefined || !nodes.includes(this.#node)) this.#node = nodes[0] ?? ''
      return this.#node
    }
    return nodes[Math.floor(this.#port.random() * nodes.length)] ?? ''
  }

  #answered(op: OpName, node: string, answer: Answer): void {
    this.#stopTimer()
    this.#attempt += 1
    switch (answer.status) {
      case 'ok':
        this.#succeeded(op, node, answer)
        break
      case 'not_found':
        if (op === 'cancel') this.#left(true)
        else {
          this.#isRegistered = false
          this.#begin('register')
        }
        break
      case 'superseded':
        this.#superseded(op, answer.session)
        break
      case 'unavailable':
      case 'unreachable':
      case 'invalid':
        this.#failed(op, node)
        break
    }
  }

  #succeeded(op: OpName, node: string, answer: Extract<Answer, { status: 'ok' }>): void {
    this.#note({ kind: 'answered', op, node })
    if (op === 'cancel') {
      this.#left(true)
      return
    }
    if (op === 'register') {
      this.#isRegistered = true
      this.#wasRegistered = true
      this.#content = answer.content
    }
    if (this.#habits.followsHome && answer.home) this.#node = answer.home
    this.#renewLater(this.#habits.heartbeatMs * (0.95 + 0.1 * this.#port.random()))
  }

  #renewLater(ms: number): void {
    this.#stopTimer = this.#port.queue.after(ms, () => {
      this.#begin(this.#isRegistered ? 'renew' : 'register')
    })
  }

  #superseded(op: OpName, session: number): void {
    if (op === 'register' && !this.#wasRegistered) {
      this.#session = session + 1
      this.#begin('register')
      return
    }
    this.#isAlive = false
    this.#note({ kind: 'superseded' })
  }

  /** Nobody answered, or with no: the next one. */
  #failed(op: OpName, node: string): void {
    const nodes = this.#habits.nodes()
    if (!this.#habits.isBalanced && this.#node === node) {
      this.#node = nodes[(nodes.indexOf(node) + 1) % nodes.length] ?? node
    }
    this.#attempt += 1
    this.#tried += 1
    if (op === 'cancel' && this.#tried >= 2 * nodes.length) {
      this.#left(false)
      return
    }
    const waitMs = this.#tried % nodes.length === 0 ? PAUSE_MS : RETRY_MS
    this.#stopTimer()
    this.#stopTimer = this.#port.queue.after(waitMs, () => {
      this.#try(op)
    })
  }

  #left(acknowledged: boolean): void {
    this.#isAlive = false
    this.#stopTimer()
    this.#note({ kind: 'left', acknowledged })
  }

  #note(event: Simple<ClientEvent>): void {
    this.#port.note({ ...event, atMs: this.#port.queue.nowMs, process: this.id })
  }
}

type Simple<T> = T extends unknown ? Omit<T, 'atMs' | 'process'> : never
