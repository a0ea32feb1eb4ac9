/**
 * `/ns`: the tree.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { NamespaceKind, Namespaces, NamespaceTree } from '../../catalog/index.ts'
import { Fields } from '../form-fields.ts'
import { sendData, sendDone } from './answers.ts'
import { nsOf, pathOf } from './ns.ts'
import { saying } from './words.ts'

/** What stands for a namespace where no machine registers by itself. */
const NO_MATCH = '^$'
/** A database of the original's router is named after each namespace, and such a name has an end. */
const NS_MAX_LENGTH = 64 - 'collect.'.length

const KINDS: Readonly<Record<string, NamespaceKind>> = { '0': 'leaf', '1': 'inner' }
const TYPES: Readonly<Record<NamespaceKind, number>> = { leaf: 0, inner: 1 }

const WORDS = {
  already_exists: 'node already exist',
  invalid_parent: 'can not create node under leaf node',
  not_empty: 'not allow to be delete',
} as const

const schema = { hide: true }

/** Adds the routes that change the tree. */
export function addNamespaceWrites(api: FastifyInstance, namespaces: Namespaces): void {
  api.post('/ns', { schema }, async (request, reply) => {
    const fields = new Fields(request)
    const name = fields.required('name')
    const parent = fields.required('ns')
    const kind = KINDS[fields.text('type')]
    if (!kind) throw invalidArgument('type must be 0 (leaf) or 1.', { field: 'type' })
    checkLength(`${name}.${parent}`.length)
    const match = matchIn(fields) ?? undefined
    const comment = fields.text('comment')
    await namespaces
      .create(pathOf(parent, namespaces), { name, kind, match, comment })
      .catch(saying(WORDS))
    return sendDone(reply)
  })

  api.put('/ns', { schema }, async (request, reply) => {
    const fields = new Fields(request)
    const path = pathOf(fields.text('ns'), namespaces)
    const [name, comment] = [fields.text('name'), fields.text('comment')]
    const match = matchIn(fields)
    if (name !== '') checkRenamed(namespaces, path, name)
    const patch = {
      ...(name !== '' && { name }),
      ...(comment !== '' && { comment }),
      ...(match !== undefined && { match }),
    }
    await namespaces.change(path, patch).catch(saying(WORDS))
    return sendDone(reply)
  })

  api.delete('/ns', { schema }, async (request, reply) => {
    const path = pathOf(new Fields(request).text('ns'), namespaces)
    await namespaces.delete(path).catch(saying(WORDS))
    return sendDone(reply)
  })
}

/** Answers a namespace with all below it, or with `format=list` the names of its leaves. */
export function getNamespaces(
  namespaces: Namespaces,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const fields = new Fields(request)
  const ns = fields.text('ns')
  const path = ns === '' ? '' : pathOf(ns, namespaces)
  if (fields.text('format') === 'list') return sendData(reply, leavesBelow(namespaces, path))
  return sendData(reply, presentTree(namespaces, namespaces.tree(path, Infinity)))
}

function leavesBelow(namespaces: Namespaces, path: string): string[] {
  const leaves: string[] = []
  for (const namespace of namespaces.below(path)) {
    if (namespace.kind === 'leaf') leaves.push(nsOf(namespace.path, namespaces))
  }
  return leaves
}

function presentTree(namespaces: Namespaces, tree: NamespaceTree): object {
  const { id, path, name, comment, kind, match, children } = tree
  return {
    children: children.map((child) => presentTree(namespaces, child)),
    id,
    name: path === '' ? namespaces.rootName : name,
    comment,
    type: TYPES[kind],
    machinereg: match ?? NO_MATCH,
  }
}

/**
 * Which machines register by themselves, under the name that its code has or the one that its
 * documentation has; null: none; undefined: nothing is said.
 */
function matchIn(fields: Fields): string | null | undefined {
  const match = fields.text('machinereg') || fields.text('matchreg')
  if (match === '') return undefined
  return match === NO_MATCH ? null : match
}

/** Another name is part of all names below. */
function checkRenamed(namespaces: Namespaces, path: string, name: string): void {
  const more = name.length - namespaces.get(path).name.length
  if (more <= 0) return
  for (const below of namespaces.below(path)) {
    checkLength(nsOf(below.path, namespaces).length + more)
  }
}

function checkLength(characters: number): void {
  if (characters > NS_MAX_LENGTH) throw limitExceeded('ns characters', NS_MAX_LENGTH, characters)
}
