/**
 * One service through one filter, for everyone who watches it so: what they are sent is
 * encoded once.
 *
 * @module
 */

import type { ChangeEvent, Removal } from '@rollcall/protocol'
import type { Changed, InstancePlane, ServiceChanges } from '../../instances/index.ts'
import type { ServiceKey } from '../../model/instance-key.ts'
import type { InstanceFilter } from '../instance-filter.ts'
import { presentInstance } from '../present-instance.ts'
import type { ServiceBodies, ServiceBody } from '../service-bodies.ts'
import { frame, frameOf, idLine } from './frames.ts'
import type { Opening, Topic, TopicFrame, TopicListener } from './topic.ts'

export interface ServiceTopicOptions {
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly key: ServiceKey
  readonly filter: InstanceFilter
}

export class ServiceTopic implements Topic {
  readonly part = 'services'
  readonly #options: ServiceTopicOptions
  readonly #listeners = new Set<TopicListener>()
  /** What watchers see through the filter, so that an instance that no longer fits is taken away once. */
  #fitting = new Set<string>()
  #unsubscribe: (() => void) | undefined
  #snapshot: { readonly body: ServiceBody; readonly frame: TopicFrame } | undefined

  constructor(options: ServiceTopicOptions) {
    this.#options = options
  }

  get key(): ServiceKey {
    return this.#options.key
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0
  }

  subscribe(listener: TopicListener): () => void {
    const { instances, key } = this.#options
    if (this.#unsubscribe) instances.flush(key)
    else {
      this.#unsubscribe = instances.subscribe(key, (changes) => {
        this.#publish(changes)
      })
      this.#look()
    }
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.isWatched) return
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
      this.#snapshot = undefined
    }
  }

  snapshot(): Opening {
    return new OneFrame(this, () => this.#whole())
  }

  /** What a watcher missed, as one event; undefined when the filter leaves nothing of it. */
  missed({ revision, changed }: ServiceChanges): Opening | undefined {
    // Whether it ever saw what does not fit now is not known; taking it away does no harm.
    const encoded = this.#changeFrame(revision, changed, () => true)
    return encoded && new OneFrame(this, () => encoded)
  }

  #whole(): TopicFrame {
    const { bodies, key, filter } = this.#options
    const body = bodies.get(key, filter)
    if (this.#snapshot?.body !== body) {
      this.#snapshot = { body, frame: withId(snapshotEvent(body), body.token, 0) }
    }
    return this.#snapshot.frame
  }

  #publish({ revision, changed }: ServiceChanges): void {
    const encoded = this.#changeFrame(revision, changed, (name) => this.#fitting.delete(name))
    if (!encoded) return
    for (const listener of this.#listeners) listener.change(encoded)
  }

  #changeFrame(
    revision: number,
    changed: Changed,
    wasSeen: (name: string) => boolean,
  ): TopicFrame | undefined {
    const { instances, filter, key } = this.#options
    const upserted: ChangeEvent['upserted'] = []
    const removed: Removal[] = []
    for (const [entry, reason] of changed) {
      const { zone, id } = entry
      const name = `${zone} ${id}`
      if (entry.isShown() && filter.fits(entry)) {
        upserted.push(presentInstance(entry))
        this.#fitting.add(name)
      } else if (wasSeen(name)) {
        removed.push({ zone, id, reason: entry.isShown() ? 'filtered' : (reason ?? 'hidden') })
      }
    }
    if (upserted.length + removed.length === 0) return undefined
    const token = instances.token(revision)
    const { service, env } = key
    const event: ChangeEvent = { service, env, revision, token, upserted, removed }
    return withId(frame('change', event), token, changed.size)
  }

  #look(): void {
    const { instances, key, filter } = this.#options
    this.#fitting = new Set()
    for (const shown of instances.snapshot(key).instances) {
      if (filter.fits(shown)) this.#fitting.add(`${shown.zone} ${shown.id}`)
    }
  }
}

/** An opening of a single frame, made when its turn comes. */
class OneFrame implements Opening {
  readonly isLong = false
  readonly topic: Topic
  readonly #make: () => TopicFrame
  #isTold = false

  constructor(topic: Topic, make: () => TopicFrame) {
    this.topic = topic
    this.#make = make
  }

  get needsChanges(): boolean {
    return this.#isTold
  }

  mayGoOn(): boolean {
    return true
  }

  next(): TopicFrame | undefined {
    if (this.#isTold) return undefined
    this.#isTold = true
    return this.#make()
  }
}

function withId(event: Buffer, token: string, changes: number): TopicFrame {
  return { event, eventWithId: Buffer.concat([idLine(token), event]), changes }
}

function snapshotEvent({ known, head, json, instancesAt }: ServiceBody): Buffer {
  const instances = json.subarray(instancesAt).toString()
  return frameOf('snapshot', `{${head},"known":${String(known)},"instances":[${instances}`)
}
