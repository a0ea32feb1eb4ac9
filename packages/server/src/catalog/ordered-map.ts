/**
 * The library's sorted map under the name that it has here. It is CommonJS with a default
 * export, which Node and bundlers unwrap differently.
 *
 * @module
 */

import { createRequire } from 'node:module'
import type sortedBtree from 'sorted-btree'

const { default: Tree } = createRequire(import.meta.url)('sorted-btree') as typeof sortedBtree

/** A map in the order of its keys, by the comparison that it is made with. Not to be changed while it is walked. */
export class OrderedMap<Key, Value> extends Tree<Key, Value> {}
