import { invariant } from '@rollcall/runtime'
import type { CatalogCore } from '../catalog-core.ts'
import { invalidParent, namespaceNotFound, placeName } from '../refusals.ts'
import type { Namespace, NamespaceTree } from '../resource-catalog.ts'
import { ROOT_ID } from './namespace-record.ts'
import type { NamespaceNode } from './namespace-table.ts'

/** The tree as it is in the view now. Paths are root first, without the root's name. */
export class NamespaceReads {
  readonly rootName: string
  readonly #core: CatalogCore

  constructor(core: CatalogCore) {
    this.#core = core
    this.rootName = core.options.rootName ?? 'root'
  }

  find(path: string): NamespaceNode | undefined {
    return this.#core.tables.namespaces.find(path)
  }

  /** Throws `namespace_not_found`. */
  get(path: string): NamespaceNode {
    const node = this.find(path)
    if (!node) throw namespaceNotFound(path)
    return node
  }

  /** Throws `namespace_not_found` and `invalid_parent`. */
  leaf(path: string): NamespaceNode {
    const node = this.get(path)
    if (node.kind === 'leaf') return node
    throw invalidParent(path, `${placeName(path)} is an inner namespace; resources are in leaves.`)
  }

  /** Throws `namespace_not_found` and `invalid_parent`. */
  inner(path: string): NamespaceNode {
    const node = this.get(path)
    if (node.kind === 'inner') return node
    throw invalidParent(
      path,
      `"${path}" is a leaf; only inner namespaces hold others and templates.`,
    )
  }

  path(node: NamespaceNode): string {
    return this.#core.tables.namespaces.path(node)
  }

  /** Of a namespace that is in the view, as it is while there is something in it. */
  pathOf(id: string): string {
    const node = this.#core.tables.namespaces.get(id)
    invariant(node !== undefined, 'resources are in namespaces')
    return this.path(node)
  }

  present(node: NamespaceNode): Namespace {
    return presentNode(node, this.path(node), this.rootName)
  }

  tree(node: NamespaceNode, depth: number): NamespaceTree {
    const { namespaces, resources, templates } = this.#core.tables
    const held = node.kind === 'leaf' ? resources : templates
    const children = depth > 0 ? Array.from(namespaces.children(node.id)) : []
    return {
      ...this.present(node),
      children: children.map((child) => this.tree(child, depth - 1)),
      resources: held.counts(node.id),
    }
  }

  *below(node: NamespaceNode): Generator<Namespace, void, undefined> {
    for (const found of this.#core.tables.namespaces.below(node)) yield this.present(found)
  }
}

/** A namespace as callers see it, where it lies at a path. */
export function presentNode(node: NamespaceNode, path: string, rootName: string): Namespace {
  const { id, kind, match, comment, revision } = node
  const name = id === ROOT_ID ? rootName : node.name
  return { id, path, name, kind, match, comment, revision }
}
