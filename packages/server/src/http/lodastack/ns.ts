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

export type Tree = Pick<Namespaces, 'rootName'>

/**
 * The path of a namespace, which stood in `field`. Throws `invalid_argument` where there is no
 * name, `namespace_not_found` for what can be the name of none.
 */
export function pathOf(ns: string, { rootName }: Tree, field = 'ns'): string {
  if (ns === '') throw invalidArgument(`${field} is missing.`, { field })
  const names = ns.split(SEPARATOR)
  const isUnderRoot = names.pop() === rootName
  // What is empty, or has the separator of paths, would be taken for another namespace.
  if (isUnderRoot && names.every(isPart)) return names.reverse().join('/')
  const rule = `its own part comes first and the root's, "${rootName}", last, with dots between`
  throw new RegistryError('namespace_not_found', `There is no namespace "${ns}"; ${rule}.`)
}

/** The name of a namespace, from its path. */
export function nsOf(path: string, { rootName }: Tree): string {
  return path === '' ? rootName : [...path.split('/').reverse(), rootName].join(SEPARATOR)
}

/** Where resources of a type are, in words of the catalog. Throws as `pathOf`, and `invalid_argument` for no type. */
export function placeOf(ns: string, type: string, tree: Tree): ResourcePlace {
  return { ns: pathOf(ns, tree), ...typeOf(type) }
}

function isPart(name: string): boolean {
  return name !== '' && !name.includes('/')
}

/** What a type means. Throws `invalid_argument` for none. */
export function typeOf(type: string): Pick<ResourcePlace, 'type' | 'template'> {
  const template = type.startsWith(TEMPLATE_PREFIX)
  const name = template ? type.slice(TEMPLATE_PREFIX.length) : type
  if (name === '') throw invalidArgument('type is missing.', { field: 'type' })
  return template ? { type: name, template } : { type: name }
}
