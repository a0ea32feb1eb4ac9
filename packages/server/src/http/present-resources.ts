/**
 * How namespaces, types and resources are shown in JSON.
 *
 * @module
 */

import type {
  Namespace as SentNamespace,
  NamespaceTree as SentTree,
  Resource as SentResource,
  ResourceType as SentType,
} from '@rollcall/protocol'
import type { Namespace, NamespaceTree, Resource, ResourceType } from '../catalog/index.ts'

export function presentNamespace(namespace: Namespace): SentNamespace {
  const { id, path, name, kind, match = null, comment, revision } = namespace
  return { id, path, name, kind, match, comment, revision }
}

export function presentTree(tree: NamespaceTree): SentTree {
  return {
    ...presentNamespace(tree),
    children: tree.children.map(presentTree),
    resources: Object.fromEntries(tree.resources),
  }
}

export function presentResource({ id, ns, type, properties, revision }: Resource): SentResource {
  return { id, ns, type, properties, revision }
}

export function presentType(described: ResourceType): SentType {
  const { type, primaryKey = null, schema = null, revision } = described
  return { type, primaryKey, schema: schema as SentType['schema'], revision }
}
