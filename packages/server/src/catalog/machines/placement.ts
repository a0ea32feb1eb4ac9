import { invariant } from '@rollcall/runtime'
import { POOL_ID } from '../namespaces/namespace-record.ts'
import type { NamespaceNode, NamespaceTable } from '../namespaces/namespace-table.ts'
import { PatternCache } from '../patterns.ts'

/** Where a machine belongs by its name: every leaf whose rule finds it, else the pool. */
export class Placement {
  readonly #patterns = new PatternCache()

  of(hostname: string, namespaces: NamespaceTable): readonly NamespaceNode[] {
    const found: NamespaceNode[] = []
    for (const node of namespaces.matching()) {
      const { match = '' } = node
      if (this.#patterns.get(match, 'match').find(hostname)) found.push(node)
    }
    if (found.length > 0) return found
    const pool = namespaces.get(POOL_ID)
    invariant(pool !== undefined, 'every catalog has a pool')
    return [pool]
  }
}
