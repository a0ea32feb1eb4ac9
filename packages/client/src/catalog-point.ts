/**
 * From where a watch of the catalog goes on after its connection was lost.
 *
 * An id that came while a snapshot was not complete is not safe to resume from: what the pages to
 * come would have held was never seen. And a node tells a revision again whose id did not come.
 *
 * @module
 */

/** Remembers the last event id that is safe to resume from, and what was handed on. No I/O. */
export class CatalogPoint {
  #from: number | undefined
  /** Up to which revision everything was handed on. */
  #known: number
  #snapshot: 'awaited' | 'begun' | 'complete'
  #lastEventId: string | undefined

  /** With `from`, the watcher has everything up to that revision already. */
  constructor(from: number | undefined) {
    this.#from = from
    this.#known = from ?? 0
    this.#snapshot = from === undefined ? 'awaited' : 'complete'
  }

  /** The revision that the caller brought, as long as nothing better is known. */
  get from(): number | undefined {
    return this.#from
  }

  /** What to send as `Last-Event-ID`. */
  get lastEventId(): string | undefined {
    return this.#lastEventId
  }

  /** A new connection begins: without anything to resume from, all pages come again. */
  connected(): void {
    if (this.#from === undefined && this.#lastEventId === undefined) this.restart()
  }

  /** The server starts over: what was known is void until a snapshot is complete. */
  restart(): void {
    this.#from = undefined
    this.#lastEventId = undefined
    this.#snapshot = 'awaited'
  }

  /** A page of a snapshot arrived. Answers whether it is the first. */
  page({ revision, more }: { readonly revision: number; readonly more: boolean }): boolean {
    const isFirst = this.#snapshot !== 'begun'
    this.#snapshot = more ? 'begun' : 'complete'
    this.#known = revision
    return isFirst
  }

  /** Says whether a revision was handed on already. */
  has(revision: number): boolean {
    return revision <= this.#known
  }

  /** A revision was handed on whole. */
  handedOn(revision: number): void {
    this.#known = revision
  }

  /** An event with this id was read; call after `page`. */
  reached(id: string | undefined): void {
    if (id === undefined || id === '' || this.#snapshot !== 'complete') return
    this.#lastEventId = id
    this.#from = undefined
  }
}
