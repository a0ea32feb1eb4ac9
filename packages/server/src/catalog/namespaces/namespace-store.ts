import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import type { WriteOptions, Written } from '../catalog.ts'
import type { CatalogCore } from '../catalog-core.ts'
import type { IdempotentWrites } from '../idempotency.ts'
import type { RestartReason } from '../kv-feed.ts'
import { NAMESPACE_LIMITS } from '../limits.ts'
import type {
  Namespace,
  NamespaceChanges,
  NamespacePatch,
  Namespaces,
  NamespaceTree,
  NamespaceWritten,
  NewNamespace,
} from '../resource-catalog.ts'
import { changeNamespace } from './change-namespace.ts'
import { createNamespace } from './create-namespace.ts'
import { deleteNamespace } from './delete-namespace.ts'
import type { NamespaceNode } from './namespace-table.ts'
import type { NamespaceReads } from './namespace-reads.ts'
import type { TemplateCopies } from './template-copies.ts'

export interface NamespaceStoreOptions {
  readonly core: CatalogCore
  readonly idempotent: IdempotentWrites
  readonly reads: NamespaceReads
  readonly templates: TemplateCopies
}

/** The tree of namespaces. See `Namespaces` for the contract. */
export class NamespaceStore implements Namespaces {
  readonly rootName: string
  readonly #core: CatalogCore
  readonly #idempotent: IdempotentWrites
  readonly #reads: NamespaceReads
  readonly #templates: TemplateCopies

  constructor({ core, idempotent, reads, templates }: NamespaceStoreOptions) {
    this.#core = core
    this.#idempotent = idempotent
    this.#reads = reads
    this.#templates = templates
    this.rootName = reads.rootName
  }

  get(path: string): Namespace {
    return this.#reads.present(this.#reads.get(path))
  }

  find(path: string): Namespace | undefined {
    const node = this.#reads.find(path)
    return node && this.#reads.present(node)
  }

  byId(id: string): Namespace | undefined {
    const node = this.#core.tables.namespaces.get(id)
    return node && this.#reads.present(node)
  }

  tree(path: string, depth: number): NamespaceTree {
    if (!(depth >= 0)) throw invalidArgument('A depth is a number from 0 on.', { field: 'depth' })
    const node = this.#reads.get(path)
    this.#checkSize(node, depth)
    return this.#reads.tree(node, depth)
  }

  below(path: string): Iterable<Namespace> {
    return this.#reads.below(this.#reads.get(path))
  }

  create(
    parent: string,
    namespace: NewNamespace,
    { idempotency }: WriteOptions = {},
  ): Promise<NamespaceWritten> {
    return this.#idempotent.once(idempotency, (marks) =>
      createNamespace(
        { core: this.#core, reads: this.#reads, templates: this.#templates, marks },
        parent,
        namespace,
      ),
    )
  }

  change(
    path: string,
    patch: NamespacePatch,
    { idempotency }: WriteOptions = {},
  ): Promise<NamespaceWritten> {
    return this.#idempotent.once(idempotency, (marks) =>
      changeNamespace({ core: this.#core, reads: this.#reads, marks }, path, patch),
    )
  }

  delete(path: string, { idempotency }: WriteOptions = {}): Promise<Written> {
    return this.#idempotent.once(idempotency, (marks) =>
      deleteNamespace({ core: this.#core, reads: this.#reads, marks }, path),
    )
  }
  subscribe(path: string, listener: (changes: NamespaceChanges) => void): () => void {
    return this.#core.view.namespaceFeed.subscribe(this.#reads.get(path).id, listener)
  }

  changesSince(path: string, revision: number): readonly NamespaceChanges[] | undefined {
    const { line } = this.#core.tables.namespaces.place(this.#reads.get(path))
    return this.#core.view.namespaceFeed.since(line, revision)
  }

  onRestart(listener: (reason: RestartReason) => void): () => void {
    return this.#core.view.namespaceFeed.onRestart(listener)
  }

  /** A tree is told in one piece. */
  #checkSize(node: NamespaceNode, depth: number): void {
    const { treeNodes } = NAMESPACE_LIMITS
    const count = this.#core.tables.namespaces.countBelow(node, { depth, limit: treeNodes + 1 })
    if (count > treeNodes) throw limitExceeded('namespaces in one tree', treeNodes, count)
  }
}
