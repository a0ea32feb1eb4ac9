/**
 * From where a watch goes on after its connection was lost.
 *
 * An id may be used again only by a watcher that has the whole truth up to it. One that lost its
 * connection between the snapshots of two services has not: it starts over, or it would wait for
 * changes of a service that it never saw.
 *
 * @module
 */

/** Remembers the last event id that is safe to resume from. No I/O. */
export class ResumePoint {
  readonly #services: readonly string[]
  #missing: Set<string>
  #after: string | undefined
  #lastEventId: string | undefined

  /** With `after`, the watcher has the truth up to that token already. */
  constructor(services: readonly string[], after: string | undefined) {
    this.#services = services
    this.#after = after
    this.#missing = new Set(after === undefined ? services : [])
  }

  /** The token that the caller brought, as long as nothing better is known. */
  get after(): string | undefined {
    return this.#after
  }

  /** What to send as `Last-Event-ID`. */
  get lastEventId(): string | undefined {
    return this.#lastEventId
  }

  /** A new connection begins: without anything to resume from, all snapshots come again. */
  connected(): void {
    if (this.#after === undefined && this.#lastEventId === undefined) this.restart()
  }

  /** The server starts over: what was known is void until every service had its snapshot. */
  restart(): void {
    this.#after = undefined
    this.#lastEventId = undefined
    this.#missing = new Set(this.#services)
  }

  /** A snapshot of this service arrived. */
  complete(service: string): void {
    this.#missing.delete(service)
  }

  /** An event with this id was handed on; call after `complete`. */
  reached(id: string | undefined): void {
    if (id === undefined || id === '' || this.#missing.size > 0) return
    this.#lastEventId = id
    this.#after = undefined
  }
}
