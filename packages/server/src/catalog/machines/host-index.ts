import type { ResourceIndex, ResourceRow } from '../resources/resource-index.ts'
import { MACHINE } from '../resource-types/known-types.ts'
import { ShardedMap } from '../sharded-map.ts'

/** Where machines are, by hostname as it is stored. Nearly every machine is in one place. */
export class HostIndex implements ResourceIndex {
  readonly #hosts = new ShardedMap<ResourceRow | readonly ResourceRow[]>()

  put(row: ResourceRow, before: ResourceRow | undefined): void {
    if (row.type !== MACHINE) return
    if (before) this.delete(before)
    const known = this.#hosts.get(row.key)
    if (known === undefined) this.#hosts.set(row.key, row)
    else this.#hosts.set(row.key, isOne(known) ? [known, row] : [...known, row])
  }

  delete(row: ResourceRow): void {
    if (row.type !== MACHINE) return
    const left = this.rows(row.key).filter((other) => other !== row)
    const [only] = left
    if (only === undefined) this.#hosts.take(row.key)
    else this.#hosts.set(row.key, left.length === 1 ? only : left)
  }

  /** Every row of a host. */
  rows(key: string): readonly ResourceRow[] {
    const found = this.#hosts.get(key)
    if (found === undefined) return []
    return isOne(found) ? [found] : found
  }
}

function isOne(found: ResourceRow | readonly ResourceRow[]): found is ResourceRow {
  return 'id' in found
}
