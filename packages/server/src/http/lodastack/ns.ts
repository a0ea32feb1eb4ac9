/**
 * How this protocol names namespaces: child first, root last, with dots (`server.product.loda`).
 * Types with a prefix are templates.
 *
 * @module
 */

import { RegistryError, invalidArgument } from '@rollcall/protocol'
import type { Namespaces, ResourcePlace } from '../../catalog/index.ts'

const SEPARATOR = '.'
const TEMPLATE_PREFIX = '_template_'

type Tree = Pick<Namespaces, 'rootName'>

/** The path of a namespace. Throws `invalid_argument` where there is no name, `namespace_not_found` for one under another root. */
export function pathOf(ns: string, { rootName }: Tree): string {
  if (ns === '') throw invalidArgument('ns is missing.', { field: 'ns' })
  const names = ns.split(SEPARATOR)
  if (names.pop() === rootName) return names.reverse().join('/')
  const message = `There is no namespace "${ns}"; every name ends with the root's, "${rootName}".`
  throw new RegistryError('namespace_not_found', message, { details: { ns } })
}

/** The name of a namespace, from its path. */
export function nsOf(path: string, { rootName }: Tree): string {
  return path === '' ? rootName : [...path.split('/').reverse(), rootName].join(SEPARATOR)
}

/** Where resources of a type are, in words of the catalog. Throws as `pathOf`, and `invalid_argument` for no type. */
export function placeOf(ns: string, type: string, tree: Tree): ResourcePlace {
  const place = { ns: pathOf(ns, tree), ...typeOf(type) }
  return place
}

/** What a type means. Throws `invalid_argument` for none. */
export function typeOf(type: string): Pick<ResourcePlace, 'type' | 'template'> {
  const template = type.startsWith(TEMPLATE_PREFIX)
  const name = template ? type.slice(TEMPLATE_PREFIX.length) : type
  if (name === '') throw invalidArgument('type is missing.', { field: 'type' })
  return template ? { type: name, template } : { type: name }
}
