import type { KeyValue } from '../engine.ts'
import { FAMILY, parseNamespaceKey } from '../key-schema.ts'
import { OrderedMap } from '../ordered-map.ts'
import type { Reducer } from '../view/reducer.ts'
import { BUILT_IN, decodeNamespace, ROOT_ID, type NamespaceRecord } from './namespace-record.ts'

/** A namespace as the view keeps it. It never changes: another takes its place. */
export interface NamespaceNode extends NamespaceRecord {
  readonly id: string
  /** Of its last change; 0: it is as every catalog has it from the start. */
  readonly revision: number
}

/** Where a namespace is. */
export interface NamespacePlace {
  readonly path: string
  /** Ids from the root to itself. */
  readonly line: readonly string[]
}

/**
 * The tree of namespaces, found by id and by path. It is read from the records alone; the keys
 * by name only keep siblings from having the same.
 */
export class NamespaceTable implements Reducer {
  readonly family = FAMILY.namespace
  readonly #nodes = new Map<string, NamespaceNode>()
  readonly #children = new Map<string, OrderedMap<string, string>>()
  /** Leaves that machines register in by themselves. */
  readonly #matching = new Set<string>()
  /** Forgotten whenever the tree changes. */
  readonly #places = new Map<string, NamespacePlace>()

  constructor() {
    for (const [id, record] of BUILT_IN) this.#set({ ...record, id, revision: 0 })
  }

  get size(): number {
    return this.#nodes.size
  }

  get root(): NamespaceNode {
    return this.#nodes.get(ROOT_ID) as NamespaceNode
  }

  put(entry: KeyValue): void {
    const id = parseNamespaceKey(entry.key)
    this.#remove(id)
    this.#set({ ...decodeNamespace(entry.value), id, revision: entry.modRevision })
  }

  delete(stored: string): void {
    const id = parseNamespaceKey(stored)
    this.#remove(id)
    const builtIn = BUILT_IN.get(id)
    if (builtIn) this.#set({ ...builtIn, id, revision: 0 })
  }

  get(id: string): NamespaceNode | undefined {
    return this.#nodes.get(id)
  }

  child(parentId: string, name: string): NamespaceNode | undefined {
    const id = this.#children.get(parentId)?.get(name)
    return id === undefined ? undefined : this.#nodes.get(id)
  }

  childCount(parentId: string): number {
    return this.#children.get(parentId)?.size ?? 0
  }

  /** Undefined where there is none. */
  find(path: string): NamespaceNode | undefined {
    let node: NamespaceNode | undefined = this.root
    if (path === '') return node
    for (const name of path.split('/')) {
      node = node && this.child(node.id, name)
      if (!node) return undefined
    }
    return node
  }

  /** By name, from a name on. */
  *children(parentId: string, from?: string): Generator<NamespaceNode, void, undefined> {
    for (const [, id] of this.#children.get(parentId)?.entries(from) ?? []) {
      yield this.#nodes.get(id) as NamespaceNode
    }
  }

  /** It, and all below: each before what is in it, siblings by name. */
  *below(node: NamespaceNode): Generator<NamespaceNode, void, undefined> {
    yield node
    for (const child of this.children(node.id)) yield* this.below(child)
  }

  /**
   * As `below`, without what comes before a place: names from the node on, where they lead or
   * would lead. Itself is part of it, what is in it too.
   */
  *belowFrom(
    node: NamespaceNode,
    names: readonly string[],
  ): Generator<NamespaceNode, void, undefined> {
    const [first, ...rest] = names
    if (first === undefined) {
      yield* this.below(node)
      return
    }
    for (const child of this.children(node.id, first)) {
      yield* child.name === first ? this.belowFrom(child, rest) : this.below(child)
    }
  }

  /** Itself and what is below, so many levels deep; counts no further than the limit. */
  countBelow(
    node: NamespaceNode,
    bounds: { readonly depth: number; readonly limit: number },
  ): number {
    const { depth, limit } = bounds
    let count = 1
    if (depth <= 0) return count
    for (const child of this.children(node.id)) {
      if (count >= limit) break
      count += this.countBelow(child, { depth: depth - 1, limit: limit - count })
    }
    return count
  }

  /** Throws for what is not in the tree, which is a bug. */
  place(node: NamespaceNode): NamespacePlace {
    const known = this.#places.get(node.id)
    if (known) return known
    const place = this.#placeOf(node)
    this.#places.set(node.id, place)
    return place
  }

  path(node: NamespaceNode): string {
    return this.place(node).path
  }

  /** Leaves with a rule for hostnames, in no order. */
  *matching(): Generator<NamespaceNode, void, undefined> {
    for (const id of this.#matching) yield this.#nodes.get(id) as NamespaceNode
  }

  /** How many levels there are below a node. */
  height(node: NamespaceNode): number {
    let height = 0
    for (const child of this.children(node.id)) height = Math.max(height, 1 + this.height(child))
    return height
  }

  #placeOf(node: NamespaceNode): NamespacePlace {
    if (node.id === ROOT_ID) return { path: '', line: [ROOT_ID] }
    const parent = this.#nodes.get(node.parent)
    // While a view is built a parent may come after its children, but nobody asks meanwhile.
    if (!parent) throw new Error(`namespace ${node.id} is in ${node.parent}, which is not there`)
    const { path, line } = this.place(parent)
    return {
      path: path === '' ? node.name : `${path}/${node.name}`,
      line: [...line, node.id],
    }
  }

  #set(node: NamespaceNode): void {
    this.#places.clear()
    this.#nodes.set(node.id, node)
    if (node.kind === 'leaf' && node.match !== undefined) this.#matching.add(node.id)
    if (node.id === ROOT_ID) return
    const siblings = this.#children.get(node.parent) ?? new OrderedMap<string, string>()
    siblings.set(node.name, node.id)
    this.#children.set(node.parent, siblings)
  }

  #remove(id: string): void {
    const node = this.#nodes.get(id)
    if (!node) return
    this.#places.clear()
    this.#nodes.delete(id)
    this.#matching.delete(id)
    const siblings = this.#children.get(node.parent)
    // In one revision a name may have gone to another already.
    if (siblings?.get(node.name) === id) siblings.delete(node.name)
    if (siblings?.size === 0) this.#children.delete(node.parent)
  }
}
