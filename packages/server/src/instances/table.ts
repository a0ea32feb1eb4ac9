/**
 * Every service that this node holds a record of.
 *
 * @module
 */

import { serviceKeyText, type InstanceKey, type ServiceKey } from '../model/instance-key.ts'
import type { Entry } from './entry.ts'
import { ServiceTable } from './service-table.ts'

export class Table {
  readonly #services = new Map<string, ServiceTable>()
  readonly #byName = new Map<string, Set<ServiceTable>>()
  /** Sorted keys, made when a list is asked for and dropped when a service comes or goes. */
  #sorted: readonly string[] | undefined

  service(key: ServiceKey): ServiceTable | undefined {
    return this.#services.get(serviceKeyText(key))
  }

  find(key: InstanceKey): Entry | undefined {
    return this.service(key)?.get(key.zone, key.id)
  }

  /** Finds the entry of a key, or makes an empty one. `revision` is the node's, for a new service. */
  take(key: InstanceKey, revision: number): Entry {
    const text = serviceKeyText(key)
    let service = this.#services.get(text)
    if (!service) {
      service = new ServiceTable(key, revision)
      this.#services.set(text, service)
      this.#namesakes(key.service).add(service)
      this.#sorted = undefined
    }
    return service.take(key.zone, key.id)
  }

  /** Forgets an entry, and its service with the last one. */
  drop(entry: Entry): void {
    const { service } = entry
    service.drop(entry)
    if (service.records > 0) return
    this.#services.delete(serviceKeyText({ env: service.env, service: service.name }))
    const namesakes = this.#namesakes(service.name)
    namesakes.delete(service)
    if (namesakes.size === 0) this.#byName.delete(service.name)
    this.#sorted = undefined
  }

  /** The services of one name in all envs. */
  named(name: string): Iterable<ServiceTable> {
    return this.#byName.get(name) ?? []
  }

  services(): Iterable<ServiceTable> {
    return this.#services.values()
  }

  *entries(): Iterable<Entry> {
    for (const service of this.#services.values()) yield* service.entries()
  }

  #namesakes(name: string): Set<ServiceTable> {
    const namesakes = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, namesakes)
    return namesakes
  }

  /** Services in order of env and name, from the first key after `after`. */
  *inOrder(after = ''): Iterable<ServiceTable> {
    this.#sorted ??= [...this.#services.keys()].sort()
    const sorted = this.#sorted
    for (let at = firstAfter(sorted, after); at < sorted.length; at += 1) {
      const service = this.#services.get(sorted[at] ?? '')
      if (service) yield service
    }
  }
}

/** The index of the first text greater than `bound`, by halving. */
function firstAfter(sorted: readonly string[], bound: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') <= bound) low = middle + 1
    else high = middle
  }
  return low
}
