/**
 * Namespaces as they travel: places in a tree, which hold resources or one another.
 *
 * A path is root first, with slashes and without the name of the root: `product/server`. The root
 * is the empty path.
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Revision } from './kv.ts'

export const NAMESPACE_KINDS = ['leaf', 'inner'] as const
export type NamespaceKind = (typeof NAMESPACE_KINDS)[number]

const closed = { additionalProperties: false } as const

const Name = Type.String({ pattern: '^[a-z0-9-]+$', description: '1 to 64 of `a-z 0-9 -`.' })

const Kind = Type.Enum([...NAMESPACE_KINDS], {
  description: 'leaf: holds resources. inner: holds namespaces, and templates for new ones.',
})

const MATCH = {
  description:
    'Machines whose hostname it is found in register here by themselves: a regular expression of RE2.',
}

/** A namespace by itself. */
export const Namespace = Type.Object({
  id: Type.String({ description: 'Stays when name or place change.' }),
  path: Type.String(),
  name: Type.String({ description: 'The last part of the path; of the root, its name.' }),
  kind: Kind,
  match: Type.Union([Type.String(), Type.Null()], MATCH),
  comment: Type.String(),
  revision: Type.Integer({ description: 'Of its last change; what it holds does not count.' }),
})
export interface Namespace {
  id: string
  path: string
  name: string
  kind: NamespaceKind
  match: string | null
  comment: string
  revision: number
}

const counts = { description: 'How many it holds itself, by type; an inner one: templates.' }

/** A namespace with what is below it, as deep as was asked for. */
export const NamespaceTree = Type.Object({
  ...Namespace.properties,
  children: Type.Array(Type.Object({ ...Namespace.properties }, { description: 'With theirs.' })),
  resources: Type.Record(Type.String(), Type.Integer(), counts),
})
export interface NamespaceTree extends Namespace {
  children: NamespaceTree[]
  resources: Record<string, number>
}

export const NewNamespace = Type.Object(
  {
    name: Name,
    kind: Kind,
    match: Type.Optional(Type.String(MATCH)),
    comment: Type.Optional(Type.String()),
  },
  closed,
)
export interface NewNamespace {
  name: string
  kind: NamespaceKind
  match?: string
  comment?: string
}

export const NamespacePatch = Type.Object(
  {
    name: Type.Optional(Name),
    parent: Type.Optional(
      Type.String({ description: 'The path of another parent; all below moves along.' }),
    ),
    match: Type.Optional(Type.Union([Type.String(), Type.Null()], MATCH)),
    comment: Type.Optional(Type.String()),
    ifRevision: Type.Optional(
      Type.Integer({ ...Revision, description: 'Only if this is its revision.' }),
    ),
  },
  closed,
)
export type NamespacePatch = Static<typeof NamespacePatch>
