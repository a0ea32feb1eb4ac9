/**
 * Paths of namespaces as people write them: with or without a slash in front.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol'

/** A place in the tree, and the one that it is in. */
export interface SplitPath {
  readonly parent: string
  readonly name: string
}

/** Reads a path; `/` is the root. */
export function pathOf(text: string): string {
  return text.replace(/^\//, '').replace(/\/$/, '')
}

/** Reads the path of what is in another namespace. Throws `invalid_argument` for the root. */
export function splitPath(text: string): SplitPath {
  const path = pathOf(text)
  if (path === '') throw invalidArgument('The root has no name; give a path such as shop/db.')
  const slash = path.lastIndexOf('/')
  return { parent: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) }
}

/** Shows a path for people: the root needs a word too. */
export function pathText(path: string): string {
  return path === '' ? '/' : path
}
