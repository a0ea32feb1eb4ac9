/**
 * Every service that this node holds a record of.
 *
 * @module
 */

import { serviceKeyText, type InstanceKey, type ServiceKey } from '../model/instance-key.ts'
import type { Entry } from './entry.ts'
import { ServiceTable } from './service-table.ts'

interface Placed {
  readonly text: string
  readonly service: ServiceTable
}

export class Table {
  /** By env and name: joining the two for each look-up costs more than looking twice. */
  readonly #envs = new Map<string, Map<string, ServiceTable>>()
  readonly #byName = new Map<string, Set<ServiceTable>>()
  /** In order, made when a list is asked for and dropped when a service comes or goes. */
  #sorted: readonly Placed[] | undefined

  service(key: ServiceKey): ServiceTable | undefined {
    return this.#envs.get(key.env)?.get(key.service)
  }

  find(key: InstanceKey): Entry | undefined {
    return this.service(key)?.get(key.zone, key.id)
  }

  /** Finds the entry of a key, or makes an empty one. `revision` is the node's, for a new service. */
  take(key: InstanceKey, revision: number): Entry {
    let service = this.service(key)
    if (!service) {
      service = new ServiceTable(key, revision)
      this.#env(key.env).set(key.service, service)
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
    this.#env(service.env).delete(service.name)
    if (this.#env(service.env).size === 0) this.#envs.delete(service.env)
    const namesakes = this.#namesakes(service.name)
    namesakes.delete(service)
    if (namesakes.size === 0) this.#byName.delete(service.name)
    this.#sorted = undefined
  }

  /** The services of one name in all envs. */
  named(name: string): Iterable<ServiceTable> {
    return this.#byName.get(name) ?? []
  }

  *services(): Iterable<ServiceTable> {
    for (const services of this.#envs.values()) yield* services.values()
  }

  *entries(): Iterable<Entry> {
    for (const service of this.services()) yield* service.entries()
  }

  #env(env: string): Map<string, ServiceTable> {
    const services = this.#envs.get(env) ?? new Map<string, ServiceTable>()
    this.#envs.set(env, services)
    return services
  }

  #namesakes(name: string): Set<ServiceTable> {
    const namesakes = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, namesakes)
    return namesakes
  }

  /** Services in order of env and name, from the first key after `after`. */
  *inOrder(after = ''): Iterable<ServiceTable> {
    this.#sorted ??= [...this.services()]
      .map((service) => ({ text: textOf(service), service }))
      .sort((left, right) => (left.text < right.text ? -1 : 1))
    const sorted = this.#sorted
    for (let at = firstAfter(sorted, after); at < sorted.length; at += 1) {
      const service = sorted[at]?.service
      if (service && this.service({ env: service.env, service: service.name }) === service) {
        yield service
      }
    }
  }
}

function textOf({ env, name }: ServiceTable): string {
  return serviceKeyText({ env, service: name })
}

/** The index of the first text greater than `bound`, by halving. */
function firstAfter(sorted: readonly Placed[], bound: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.text ?? '') <= bound) low = middle + 1
    else high = middle
  }
  return low
}
