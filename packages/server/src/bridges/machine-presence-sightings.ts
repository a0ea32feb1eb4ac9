/**
 * Which machines are seen on the instance plane, in whatever env and zone.
 *
 * @module
 */

import type { InstancePlane, ShownInstance } from '../instances/index.ts'
import { MACHINE_SERVICE } from '../model/vocabulary.ts'

export type SeenPlane = Pick<InstancePlane, 'elsewhere' | 'revisionOf' | 'snapshot'>

/** No env has this name: what is shown elsewhere than here is shown anywhere. */
const NO_ENV = ''

export class Sightings {
  readonly #plane: SeenPlane
  #seen: ReadonlyMap<string, ShownInstance> = new Map()
  #revisions = ''
  #isProtected = false

  constructor(plane: SeenPlane) {
    this.#plane = plane
  }

  /** Looks again, at everything where something changed. Answers which machines came. */
  refresh(): string[] {
    const services = this.#plane
      .elsewhere({ env: NO_ENV, service: MACHINE_SERVICE })
      .map(({ env }) => ({ env, service: MACHINE_SERVICE }))
    this.#isProtected = services.some((key) => this.#plane.snapshot(key).protected !== null)
    const revisions = services
      .map((key) => `${key.env} ${this.#plane.revisionOf(key)}`)
      .sort()
      .join()
    if (revisions === this.#revisions) return []
    this.#revisions = revisions
    const before = this.#seen
    const seen = new Map<string, ShownInstance>()
    for (const key of services) {
      for (const shown of this.#plane.snapshot(key).instances) {
        const known = seen.get(shown.id)
        // One that is heard says more than one that is only held.
        if (!known || known.heldSinceMs > 0) seen.set(shown.id, shown)
      }
    }
    this.#seen = seen
    return [...seen.keys()].filter((hostname) => !before.has(hostname))
  }

  /** Whether the plane keeps machines although their time has passed. */
  get isProtected(): boolean {
    return this.#isProtected
  }

  /** Every machine that is shown. */
  get hostnames(): Iterable<string> {
    return this.#seen.keys()
  }

  /** What is shown under a hostname; undefined: it is absent. */
  of(hostname: string): ShownInstance | undefined {
    return this.#seen.get(hostname)
  }
}
