/**
 * A watcher of one service that keeps its own view, over disconnections and from node to node,
 * and notices when it was woken for nothing.
 *
 * @module
 */

import {
  effectiveStatus,
  type InstancePlane,
  type ServiceChanges,
  type ShownInstance,
} from '../src/instances/index.ts'

/** What a client can tell apart of an instance. */
function look({ record, heldSinceMs }: ShownInstance): string {
  const { content } = record
  const { version, weight, registeredAtMs, upSinceMs, cver } = content
  const times = `${heldSinceMs} ${registeredAtMs} ${upSinceMs} ${cver.at}`
  return `${version} ${weight} ${effectiveStatus(record)} ${times}`
}

function viewOf(instances: Iterable<ShownInstance>): Map<string, string> {
  return new Map([...instances].map((each) => [`${each.zone} ${each.id}`, look(each)]))
}

export interface WatcherReactions {
  readonly fail: (what: string) => void
  /** Whether the watched node has just shown an instance otherwise, or not at all, for a moment. */
  readonly hasFlickered: (id: string) => boolean
}

export class ClusterWatcher {
  readonly #key: { readonly env: string; readonly service: string }
  readonly #reactions: WatcherReactions
  #plane: InstancePlane | undefined
  #view = new Map<string, string>()
  #revision = 0
  #token: string | undefined
  #unsubscribe: (() => void) | undefined
  restarts = 0
  resumptions = 0
  told = 0

  constructor(service: string, reactions: WatcherReactions) {
    this.#key = { env: 'default', service }
    this.#reactions = reactions
  }

  /** Subscribes first and reads after, by token if there is one. */
  connect(plane: InstancePlane): void {
    this.disconnect()
    this.#plane = plane
    this.#unsubscribe = plane.subscribe(this.#key, (changes) => {
      this.#apply(changes, true)
    })
    const resumed = this.#token === undefined ? undefined : plane.resume(this.#key, this.#token)
    if (resumed?.kind === 'changes') {
      this.resumptions += 1
      this.#apply(resumed.changes, false)
    } else this.#startOver(plane)
    this.check()
  }

  disconnect(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#plane = undefined
  }

  /** The view is the node's own, once it has been told all. */
  check(): void {
    const plane = this.#plane
    if (!plane) return
    plane.flush(this.#key)
    const truth = viewOf(plane.snapshot(this.#key).instances)
    const isSame =
      truth.size === this.#view.size &&
      [...truth].every(([place, seen]) => this.#view.get(place) === seen)
    if (isSame) return
    const both = JSON.stringify({ view: [...this.#view], truth: [...truth] })
    this.#reactions.fail(`sees other than its node shows: ${both}`)
    this.#startOver(plane)
  }

  #startOver(plane: InstancePlane): void {
    const { instances, token, revision } = plane.snapshot(this.#key)
    this.restarts += 1
    this.#view = viewOf(instances)
    this.#token = token
    this.#revision = revision
  }

  #apply({ changed, revision }: ServiceChanges, isLive: boolean): void {
    if (changed.size > 0 && revision <= this.#revision) {
      this.#reactions.fail(`is told of ${revision} after ${this.#revision}`)
    }
    let isNews = changed.size === 0
    for (const [entry, reason] of changed) {
      const place = `${entry.zone} ${entry.id}`
      const seen = entry.isShown() ? look(entry) : undefined
      if (seen === undefined && reason === undefined)
        this.#reactions.fail(`${place} went for no reason`)
      isNews ||= seen !== this.#view.get(place)
      if (seen === undefined) this.#view.delete(place)
      else this.#view.set(place, seen)
    }
    this.told += Number(isLive)
    const names = [...changed.keys()].map(({ id }) => id)
    // Changes within a moment leave as one: what went and came back meanwhile is told as it is now.
    if (isLive && !isNews && !names.some((id) => this.#reactions.hasFlickered(id))) {
      this.#reactions.fail(`was woken for nothing, by ${names.join(', ')}`)
    }
    this.#revision = Math.max(this.#revision, revision)
    this.#token = this.#plane?.token(this.#revision)
  }
}
