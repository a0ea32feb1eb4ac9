/**
 * What a module gets to count with. Nothing here says which library keeps the numbers.
 *
 * @module
 */

export interface Counter {
  /** Adds `n`, which is 1 unless told, and never negative. */
  inc(n?: number): void
}

export interface Gauge {
  set(value: number): void
  /** Asks `read` at each scrape from now on, in place of what was set. */
  collect(read: () => number): void
}

export interface Histogram {
  observe(value: number): void
}

export interface PeerGauge {
  /** Asks `read` at each scrape; a peer that it does not name any more is not shown any more. */
  collect(read: () => Iterable<readonly [peer: string, value: number]>): void
}

export interface HttpObservation {
  readonly method: string
  /** The pattern of the route (`/services/:service`), never the URL; undefined when none matched. */
  readonly route: string | undefined
  readonly status: number
  /** Undefined for a request that waited on purpose: it is counted and not timed. */
  readonly durationMs: number | undefined
}

/** Counts one more request of a kind that took this long. */
export type KindObserver = (durationMs: number) => void

export interface HttpObserver {
  /** Makes ready to observe one kind of request again and again, for less than `observe` costs. */
  observer(kind: Required<Omit<HttpObservation, 'durationMs'>>): KindObserver
  observe(request: HttpObservation): void
}
