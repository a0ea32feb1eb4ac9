/**
 * What a process wants registered, and what a server has confirmed of it. No I/O, no clock: the
 * registrar tells it what happened, and asks what to do.
 *
 * An entry is *pending* (to be registered, or to be cancelled) or *confirmed*. Sessions follow
 * three rules: one is taken per process; a refusal of the first register as superseded is answered
 * once with a greater one; after its own cancel an entry takes a greater one.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util'
import type {
  HeartbeatItem,
  Instance,
  InstanceRef,
  RegisterBody,
  RegistryError,
} from '@rollcall/protocol'
import type { InstanceAt } from './paths.ts'

/** What to keep registered. The registrar adds the session. */
export interface Registration extends InstanceAt {
  readonly body: Omit<RegisterBody, 'session'>
}

/** One registration and how far it is. Only the table writes to it. */
export interface Entry {
  readonly key: string
  registration: Registration
  session: number
  task: 'register' | 'cancel' | 'none'
  /** What the server last answered; undefined before the first answer of this life. */
  confirmed: Instance | undefined
  /** A register was sent, so a server may hold it even if no answer came. */
  attempted: boolean
  cancelSent: boolean
  sessionRaised: boolean
  /** Monotonic; not to be tried before. */
  notBeforeMs: number
}

/** All registrations of one process. */
export class RegistrationTable {
  readonly #entries = new Map<string, Entry>()
  readonly #pending = new Set<Entry>()
  #session: number

  constructor(session: number) {
    this.#session = session
  }

  get pending(): ReadonlySet<Entry> {
    return this.#pending
  }

  /** Says whether this very entry still waits for a server. */
  isPending(entry: Entry): boolean {
    return this.#pending.has(entry)
  }

  /** Wants this registered. Says whether that changes anything. */
  put(registration: Registration): boolean {
    const key = keyOf(registration)
    const known = this.#entries.get(key)
    if (!known) {
      this.#add(key, registration)
      return true
    }
    const same = isDeepStrictEqual(known.registration, registration)
    if (same && known.task !== 'cancel') return false
    known.registration = registration
    if (known.cancelSent) this.#liveAgain(known)
    known.notBeforeMs = 0
    this.#plan(known, 'register')
    return true
  }

  /** Wants this gone. Says whether that changes anything. */
  remove(at: InstanceAt): boolean {
    const entry = this.#entries.get(keyOf(at))
    if (!entry || entry.task === 'cancel') return false
    if (!entry.attempted) {
      this.drop(entry)
      return true
    }
    entry.notBeforeMs = 0
    this.#plan(entry, 'cancel')
    return true
  }

  /** Wants everything gone that a server may hold; forgets the rest. */
  removeAll(): readonly Entry[] {
    for (const { registration } of this.#entries.values()) this.remove(registration)
    return [...this.#pending]
  }

  /** What is to be registered or cancelled, and may be tried by now. */
  due(task: 'register' | 'cancel', nowMs: number): readonly Entry[] {
    return [...this.#pending].filter((entry) => entry.task === task && entry.notBeforeMs <= nowMs)
  }

  /** When the next pending entry may be tried; undefined when none is pending. */
  nextDueMs(): number | undefined {
    let next: number | undefined
    for (const { notBeforeMs } of this.#pending) next = Math.min(next ?? notBeforeMs, notBeforeMs)
    return next
  }

  /** Where to send an entry: what the server once answered holds, whichever node is asked next. */
  at({ registration, confirmed }: Entry): InstanceAt {
    const { service, id, env, zone } = confirmed ?? registration
    return {
      service,
      id,
      ...(env === undefined ? {} : { env }),
      ...(zone === undefined ? {} : { zone }),
    }
  }

  /** A register is about to be sent: from now on, a server may hold the entry. */
  registering(entry: Entry): void {
    entry.attempted = true
  }

  /** The register of `sent` was answered; later content stays to be registered. */
  registered(entry: Entry, sent: Registration, instance: Instance): void {
    entry.confirmed = instance
    if (entry.task === 'register' && entry.registration === sent) this.#plan(entry, 'none')
  }

  /** The first register was refused for a newer session: takes a greater one, once. Says whether it did. */
  raiseSession(entry: Entry, { details }: RegistryError): boolean {
    const { session } = details
    if (entry.confirmed || entry.sessionRaised || typeof session !== 'number') return false
    entry.sessionRaised = true
    entry.session = session + 1
    return true
  }

  /** A cancel is about to be sent: from now on, registering takes a greater session. */
  cancelling(entry: Entry): void {
    entry.cancelSent = true
    this.#session = Math.max(this.#session, entry.session + 1)
  }

  /** The cancel was answered. An entry that was put again meanwhile stays. */
  cancelled(entry: Entry): void {
    if (entry.task === 'cancel') this.drop(entry)
  }

  /** A renewal found no such instance: it is to be registered again, in the same session. */
  missing(entry: Entry): void {
    if (entry.task === 'none') this.#plan(entry, 'register')
  }

  /** Keeps an entry from being tried before `untilMs`, monotonic. */
  postpone(entry: Entry, untilMs: number): void {
    entry.notBeforeMs = untilMs
  }

  /** Forgets an entry. */
  drop(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key)
    this.#pending.delete(entry)
  }

  /** What to renew, each with what the client knows of it. */
  renewable(): readonly Renewable[] {
    return [...this.#entries.values()].flatMap((entry) =>
      entry.confirmed && entry.task !== 'cancel' && !entry.cancelSent
        ? [{ entry, item: itemOf(entry, entry.confirmed) }]
        : [],
    )
  }

  /** The smallest ttl among what is renewed; undefined when nothing is. */
  smallestTtlMs(): number | undefined {
    let smallest: number | undefined
    for (const { confirmed } of this.#entries.values()) {
      if (confirmed) smallest = Math.min(smallest ?? confirmed.ttlMs, confirmed.ttlMs)
    }
    return smallest
  }

  #add(key: string, registration: Registration): void {
    const entry: Entry = {
      key,
      registration,
      session: this.#session,
      task: 'register',
      confirmed: undefined,
      attempted: false,
      cancelSent: false,
      sessionRaised: false,
      notBeforeMs: 0,
    }
    this.#entries.set(key, entry)
    this.#pending.add(entry)
  }

  #liveAgain(entry: Entry): void {
    entry.session = Math.max(this.#session, entry.session + 1)
    entry.confirmed = undefined
    entry.cancelSent = false
    entry.sessionRaised = false
  }

  #plan(entry: Entry, task: Entry['task']): void {
    entry.task = task
    if (task === 'none') this.#pending.delete(entry)
    else this.#pending.add(entry)
  }
}

/** One line of a renewal, and whose it is. */
export interface Renewable {
  readonly entry: Entry
  readonly item: HeartbeatItem & InstanceRef
}

/** Names an instance as the server does in its answers. */
export function refKey({ service, env, zone, id }: InstanceRef): string {
  return JSON.stringify([service, env, zone, id])
}

function keyOf({ service, id, env, zone }: InstanceAt): string {
  return JSON.stringify([service, id, env ?? null, zone ?? null])
}

function itemOf({ session }: Entry, { service, id, env, zone, contentVersion }: Instance) {
  return { service, id, env, zone, session, content: contentVersion }
}
