/**
 * A watcher that keeps its own view from a snapshot and what is told later, as clients do.
 *
 * @module
 */

import type { InstancePlane, ServiceChanges, ShownInstance } from '../src/instances/index.ts'
import { must } from './one-node-model.ts'

const WEB = { env: 'default', service: 'web' }

/** What a client can tell apart of an instance. */
function look({ record, heldSinceMs, revision }: ShownInstance): string {
  const { content, override } = record
  return `${content.version} ${content.weight} ${override?.value ?? content.status} ${heldSinceMs} @${revision}`
}

function viewOf(instances: Iterable<ShownInstance>): Map<string, string> {
  return new Map([...instances].map((each) => [`${each.zone} ${each.id}`, look(each)]))
}

export class Watcher {
  readonly #plane: InstancePlane
  readonly #name: string
  #view = new Map<string, string>()
  #revision = 0
  #token: string | undefined
  #unsubscribe: (() => void) | undefined
  restarts = 0
  resumptions = 0

  constructor(plane: InstancePlane, name: string) {
    this.#plane = plane
    this.#name = name
  }

  get isConnected(): boolean {
    return this.#unsubscribe !== undefined
  }

  /** Subscribes first and reads after, by token if there is one. */
  connect(): void {
    this.#unsubscribe = this.#plane.subscribe(WEB, (changes) => {
      this.#apply(changes)
    })
    const resumed = this.#token === undefined ? undefined : this.#plane.resume(WEB, this.#token)
    if (resumed?.kind === 'changes') {
      this.resumptions += 1
      this.#apply(resumed.changes)
    } else this.#startOver()
    this.checkView()
  }

  disconnect(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  /** At a quiet time the view is the plane's own. */
  checkView(): void {
    if (!this.isConnected) return
    const truth = viewOf(this.#plane.snapshot(WEB).instances)
    const isSame =
      truth.size === this.#view.size &&
      [...truth].every(([place, seen]) => this.#view.get(place) === seen)
    if (isSame) return
    const both = JSON.stringify({ view: [...this.#view], truth: [...truth] })
    throw new Error(`I5: watcher ${this.#name} sees other than the node shows: ${both}`)
  }

  #startOver(): void {
    const { instances, token, revision } = this.#plane.snapshot(WEB)
    this.restarts += 1
    this.#view = viewOf(instances)
    this.#token = token
    this.#revision = revision
  }

  #apply({ changed, revision }: ServiceChanges): void {
    if (changed.size > 0) {
      must(
        revision > this.#revision,
        `I5: watcher ${this.#name} is told of ${revision} after ${this.#revision}`,
      )
    }
    const told = new Set<string>()
    for (const [entry, reason] of changed) {
      const place = `${entry.zone} ${entry.id}`
      must(!told.has(place), `I5: watcher ${this.#name} is told twice of ${place}`)
      told.add(place)
      if (entry.isShown()) this.#view.set(place, look(entry))
      else {
        must(reason !== undefined, `${place} went for no reason`)
        this.#view.delete(place)
      }
    }
    this.#revision = Math.max(this.#revision, revision)
    this.#token = this.#plane.token(this.#revision)
  }
}
