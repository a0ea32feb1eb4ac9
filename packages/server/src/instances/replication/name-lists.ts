/**
 * The names in a message. A thousand records come from a few origins and lie in a few services,
 * so a message lists those once and everything in it names them by index.
 *
 * @module
 */

import type { InstanceKey } from '../../model/instance-key.ts'
import { CLIENT, type Origin } from '../stamp.ts'
import type { PartReader } from './part-reader.ts'

/** Where an instance lies. */
export type Place = Omit<InstanceKey, 'id'>

/** Far more than one message can name in reason. */
const LISTED_MAX = 20_000
/** Nodes, times the lives of each that are still remembered. */
const POOLED_MAX = 4_096

/** Collects the names of one message while it is written. */
export class NameWriter {
  readonly places: (readonly [env: string, service: string, zone: string])[] = []
  readonly origins: (readonly [node: string, inc: number])[] = []
  readonly #places = new Map<string, number>()
  readonly #origins = new Map<string, number>()
  /** Most stamps share the very object of their origin. */
  readonly #met = new Map<Origin, number>()

  place({ env, service, zone }: Place): number {
    // A space is in no name, so two places never meet.
    return indexIn(this.#places, `${env} ${service} ${zone}`, () =>
      this.places.push([env, service, zone]),
    )
  }

  origin(origin: Origin): number {
    let at = this.#met.get(origin)
    if (at === undefined) {
      const { node, inc } = origin
      at = indexIn(this.#origins, `${inc} ${node}`, () => this.origins.push([node, inc]))
      this.#met.set(origin, at)
    }
    return at
  }
}

function indexIn(known: Map<string, number>, text: string, append: () => number): number {
  let at = known.get(text)
  if (at === undefined) {
    at = append() - 1
    known.set(text, at)
  }
  return at
}

export function readPlaces(part: unknown, reader: PartReader): Place[] {
  return reader.list(part, LISTED_MAX, (item) => {
    const fields = reader.fields(item, 3)
    const env = reader.name(fields[0])
    const service = reader.name(fields[1])
    return { env, service, zone: reader.name(fields[2]) }
  })
}

/**
 * The origins that were met on one channel, one object each: records are kept for long, and a
 * million of them must not hold a million copies.
 */
export class OriginPool {
  readonly #byNode = new Map<string, Map<number, Origin>>()
  #size = 0

  read(part: unknown, reader: PartReader): Origin[] {
    return reader.list(part, LISTED_MAX, (item) => {
      const fields = reader.fields(item, 2)
      const inc = reader.count(fields[1])
      // Clients are one origin without a name.
      if (fields[0] === '' && inc === 0) return CLIENT
      const node = reader.name(fields[0])
      return reader.isSound ? this.#take(node, inc) : CLIENT
    })
  }

  #take(node: string, inc: number): Origin {
    const known = this.#byNode.get(node)?.get(inc)
    if (known) return known
    // Whoever makes up origins without end gets copies, and costs no memory.
    if (this.#size >= POOLED_MAX) {
      this.#byNode.clear()
      this.#size = 0
    }
    const origin = { node, inc }
    const lives = this.#byNode.get(node)
    if (lives) lives.set(inc, origin)
    else this.#byNode.set(node, new Map([[inc, origin]]))
    this.#size += 1
    return origin
  }
}
