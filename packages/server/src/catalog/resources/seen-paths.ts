import { FAMILY, type ListFamily } from '../key-schema.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import type { NamespaceNode } from '../namespaces/namespace-table.ts'

/**
 * Where paths lead, as the draft of one commit has seen it. A draft is made in slices, and a
 * rename in between must not make one path mean two namespaces, or two paths one: each is looked
 * up once, and at the end all still have to lead where they led.
 */
export class SeenPaths {
  readonly #reads: NamespaceReads
  readonly #family: ListFamily
  readonly #holders = new Map<string, NamespaceNode>()

  constructor(reads: NamespaceReads, family: ListFamily) {
    this.#reads = reads
    this.#family = family
  }

  /** Leaves hold resources, inner namespaces hold templates. Throws `namespace_not_found` and `invalid_parent`. */
  holder(path: string): NamespaceNode {
    const known = this.#holders.get(path)
    if (known) return known
    const isOfResources = this.#family === FAMILY.resource
    const node = isOfResources ? this.#reads.leaf(path) : this.#reads.inner(path)
    this.#holders.set(path, node)
    return node
  }

  /** Whether all that were looked up lead to the same namespaces by now. */
  get areAsSeen(): boolean {
    for (const [path, { id }] of this.#holders) if (this.#reads.find(path)?.id !== id) return false
    return true
  }
}
