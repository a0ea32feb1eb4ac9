import type { NamespaceNode, NamespaceTable } from '../namespaces/namespace-table.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import type { ResourceTable } from '../resources/resource-table.ts'

export interface ScopeOptions {
  readonly namespaces: NamespaceTable
  readonly resources: ResourceTable
  /** It and all below. */
  readonly node: NamespaceNode
  /** Undefined: every type. */
  readonly type: string | undefined
}

/** Where a search looks: below a namespace, at one type or at all. */
export class Scope {
  readonly #options: ScopeOptions
  readonly #isWhole: boolean

  constructor(options: ScopeOptions) {
    this.#options = options
    this.#isWhole = options.node === options.namespaces.root
  }

  has({ nsId, type }: ResourceRow): boolean {
    const { namespaces, node, type: wanted } = this.#options
    if (wanted !== undefined && type !== wanted) return false
    if (this.#isWhole) return true
    const holder = namespaces.get(nsId)
    // A row may outlive its namespace within one revision.
    return holder !== undefined && namespaces.place(holder).line.includes(node.id)
  }

  /** Whether it holds so many rows or fewer, as far as that can be told without looking at more namespaces than rows. */
  isWithin(rows: number): boolean {
    const { resources } = this.#options
    if (this.#isWhole && this.#options.type === undefined) return resources.size <= rows
    let seen = 0
    let count = 0
    for (const { id } of this.#namespaces()) {
      seen += 1
      for (const type of this.#typesIn(id)) count += resources.countOf(type, id)
      if (count > rows || seen > rows) return false
    }
    return true
  }

  /** All its rows. Not to be changed while it is walked. */
  *rows(): Generator<ResourceRow, void, undefined> {
    for (const { id } of this.#namespaces()) {
      for (const type of this.#typesIn(id)) yield* this.#options.resources.rows(type, id)
    }
  }

  #namespaces(): Iterable<NamespaceNode> {
    return this.#options.namespaces.below(this.#options.node)
  }

  #typesIn(nsId: string): Iterable<string> {
    const { resources, type } = this.#options
    return type === undefined ? resources.counts(nsId).keys() : [type]
  }
}
