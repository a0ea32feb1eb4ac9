/**
 * Who can reach whom, and how well.
 *
 * @module
 */

import type { Random } from '@rollcall/runtime'

/** What a network does to what it carries. Shares are from 0 to 1. */
export interface Weather {
  readonly delayMinMs: number
  readonly delayMaxMs: number
  /** This share takes the longer delays below. */
  readonly slowShare: number
  readonly slowMinMs: number
  readonly slowMaxMs: number
  readonly lossShare: number
  readonly duplicateShare: number
}

/** An ordinary network with more trouble than one should have. */
export const ROUGH: Weather = {
  delayMinMs: 2,
  delayMaxMs: 30,
  slowShare: 0.01,
  slowMinMs: 100,
  slowMaxMs: 600,
  lossShare: 0.01,
  duplicateShare: 0.02,
}

/** One machine room: nothing is lost, nothing is late. */
export const CALM: Weather = {
  ...ROUGH,
  delayMaxMs: 5,
  slowShare: 0,
  lossShare: 0,
  duplicateShare: 0,
}

/** The ways from each name to each other, one direction at a time. */
export class Links {
  readonly #random: Random
  readonly #weather: Weather
  readonly #cut = new Set<string>()
  readonly #full = new Set<string>()
  readonly #slow = new Map<string, number>()

  constructor(random: Random, weather: Weather) {
    this.#random = random
    this.#weather = weather
  }

  /** Lets nothing through from one to the other. */
  cut(from: string, to: string): void {
    this.#cut.add(way(from, to))
  }

  heal(from: string, to: string): void {
    this.#cut.delete(way(from, to))
    this.#full.delete(way(from, to))
    this.#slow.delete(way(from, to))
  }

  healAll(): void {
    this.#cut.clear()
    this.#full.clear()
    this.#slow.clear()
  }

  /** Takes nothing more at the sender's end, as when a buffer is full. */
  fill(from: string, to: string): void {
    this.#full.add(way(from, to))
  }

  /** Adds to every delay of a way. */
  slow(from: string, to: string, byMs: number): void {
    this.#slow.set(way(from, to), byMs)
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.has(way(from, to))
  }

  isFull(from: string, to: string): boolean {
    return this.#full.has(way(from, to))
  }

  /** Whether what is sent arrives within the usual time, both ways. */
  isOpen(one: string, other: string): boolean {
    return this.#isFine(way(one, other)) && this.#isFine(way(other, one))
  }

  /** When copies of something sent now arrive, in milliseconds from now: none, one or two. */
  deliveries(from: string, to: string): number[] {
    if (this.isCut(from, to) || this.#chance(this.#weather.lossShare)) return []
    const isTwice = this.#chance(this.#weather.duplicateShare)
    const first = this.delayMs(from, to)
    return isTwice ? [first, this.delayMs(from, to)] : [first]
  }

  /** How long one thing takes. */
  delayMs(from: string, to: string): number {
    const { delayMinMs, delayMaxMs, slowShare, slowMinMs, slowMaxMs } = this.#weather
    const extraMs = this.#slow.get(way(from, to)) ?? 0
    const [minMs, maxMs] = this.#chance(slowShare)
      ? [slowMinMs, slowMaxMs]
      : [delayMinMs, delayMaxMs]
    return extraMs + minMs + this.#random() * (maxMs - minMs)
  }

  #isFine(name: string): boolean {
    return !this.#cut.has(name) && !this.#full.has(name) && !this.#slow.has(name)
  }

  #chance(share: number): boolean {
    return share > 0 && this.#random() < share
  }
}

function way(from: string, to: string): string {
  return `${from}>${to}`
}
