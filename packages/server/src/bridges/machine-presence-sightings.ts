/**
 * Which machines are seen on the instance plane, in whatever env and zone.
 *
 * @module
 */

import type { InstancePlane, ServiceChanges, ShownInstance } from '../instances/index.ts'
import { MACHINE_SERVICE } from '../model/vocabulary.ts'

export type SeenPlane = Pick<InstancePlane, 'elsewhere' | 'subscribe' | 'snapshot'>

export interface SightingsOptions {
  readonly plane: SeenPlane
  /** Told of each machine that comes. */
  readonly onCame: (hostname: string) => void
}

/** A machine in one place, as it was told last. */
export interface Sighting {
  readonly shown: ShownInstance
  /** Protection keeps it although its time has passed. */
  readonly isHeld: boolean
}

/** No env has this name: what is shown elsewhere than there is shown anywhere. */
const NO_ENV = ''
/** A few milliseconds of work. */
const STRETCH = 5_000

export class Sightings {
  readonly #options: SightingsOptions
  /** What is shown under each hostname: nearly always in one place. */
  readonly #seen = new Map<string, readonly Sighting[]>()
  readonly #subscriptions = new Map<string, () => void>()

  constructor(options: SightingsOptions) {
    this.#options = options
  }

  /**
   * Follows the envs that have machines; to be called every second or so. Those of one that is
   * new are read in stretches, between which `breathe` lets others have their turn.
   */
  async follow(breathe: () => Promise<unknown>): Promise<void> {
    const { plane } = this.#options
    for (const { env } of plane.elsewhere({ env: NO_ENV, service: MACHINE_SERVICE })) {
      if (this.#subscriptions.has(env)) continue
      const key = { env, service: MACHINE_SERVICE }
      const stop = plane.subscribe(key, (changes) => {
        this.#change(changes)
      })
      this.#subscriptions.set(env, stop)
      let count = 0
      // What changes meanwhile is told as well, and what is shown is asked when it is read.
      for (const shown of plane.snapshot(key).instances) {
        this.#put(shown)
        count += 1
        if (count % STRETCH === 0) await breathe()
      }
    }
  }

  /** Follows nothing any more. */
  stop(): void {
    for (const stop of this.#subscriptions.values()) stop()
    this.#subscriptions.clear()
  }

  /** Whether the plane keeps machines although their time has passed. */
  get isProtected(): boolean {
    for (const env of this.#subscriptions.keys()) {
      const { protected: state } = this.#options.plane.snapshot({ env, service: MACHINE_SERVICE })
      if (state !== null) return true
    }
    return false
  }

  /** Every machine that is shown. */
  get hostnames(): Iterable<string> {
    return this.#seen.keys()
  }

  /** What is shown under a hostname; undefined: it is absent. One that is heard says more than one that is only held. */
  of(hostname: string): Sighting | undefined {
    const places = this.#seen.get(hostname)
    return places?.find(({ isHeld }) => !isHeld) ?? places?.[0]
  }

  #change({ changed }: ServiceChanges): void {
    for (const [entry, reason] of changed) {
      if (reason === undefined && entry.isShown()) this.#put(entry)
      else this.#take(entry)
    }
  }

  #put(shown: ShownInstance): void {
    const { id, heldSinceMs } = shown
    const known = this.#seen.get(id)
    const others = (known ?? []).filter((other) => !isSamePlace(other.shown, shown))
    // Kept as it is told: an instance that has just gone is no longer held, and not yet told of.
    this.#seen.set(id, [...others, { shown, isHeld: heldSinceMs > 0 }])
    if (!known) this.#options.onCame(id)
  }

  #take(gone: Place): void {
    const known = this.#seen.get(gone.id) ?? []
    const left = known.filter(({ shown }) => !isSamePlace(shown, gone))
    if (left.length === 0) this.#seen.delete(gone.id)
    else this.#seen.set(gone.id, left)
  }
}

type Place = Pick<ShownInstance, 'service' | 'zone' | 'id'>

/** What was forgotten and came back is another entry in the same place. */
function isSamePlace(left: Place, right: Place): boolean {
  return left.zone === right.zone && left.service.env === right.service.env
}
