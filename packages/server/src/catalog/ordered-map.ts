/**
 * The library's sorted map under the name that it has here. It is CommonJS with a default
 * export, which Node and bundlers unwrap differently.
 *
 * @module
 */

import { createRequire } from 'node:module'
import type sortedBtree from 'sorted-btree'

const { default: Tree } = createRequire(import.meta.url)('sorted-btree') as typeof sortedBtree

const GONE = { delete: true } as const
const STOP = { break: 0 } as const

/** A map in the order of its keys, by the comparison that it is made with. Not to be changed while it is walked. */
export class OrderedMap<Key, Value> extends Tree<Key, Value> {
  /** Sets a value, and answers what was there. For a new key that is one descent from the root. */
  replace(key: Key, value: Value): Value | undefined {
    if (this.set(key, value, false)) return undefined
    const before = this.get(key)
    this.set(key, value)
    return before
  }

  /**
   * Deletes keys, each as it is in the map, and answers how many were there. Those of a list or
   * below a prefix lie side by side: as long as no more of what is passed stays than goes, they
   * are taken out in one walk. To descend to each of ten thousand holds up the event loop.
   */
  override deleteKeys(keys: readonly Key[]): number {
    if (keys.length < 2) return super.deleteKeys([...keys])
    let [low, high] = [keys[0] as Key, keys[0] as Key]
    for (const key of keys) {
      if (this._compare(key, low) < 0) low = key
      else if (this._compare(key, high) > 0) high = key
    }
    const sizeBefore = this.size
    const left = new Set(keys)
    let passed = 0
    this.editRange(low, high, true, (key) => {
      if (left.delete(key)) return GONE
      passed += 1
      return passed > keys.length ? STOP : undefined
    })
    super.deleteKeys(Array.from(left))
    return sizeBefore - this.size
  }
}
