/**
 * Places of the tree that are watched together.
 *
 * @module
 */

import type { NamespaceChange, NamespaceChanges } from '../../catalog/index.ts'

/** Paths of which none is below another, so that a namespace is below one at most. */
export class PathSet {
  readonly paths: readonly string[]

  constructor(paths: readonly string[]) {
    const sorted = [...new Set(paths)].sort()
    this.paths = sorted.filter(
      (path) => !sorted.some((other) => other !== path && isWithin(path, other)),
    )
  }

  /** Equal for equal sets. */
  get text(): string {
    return JSON.stringify(this.paths)
  }

  /** Whether a namespace at this path is at one of them or below. */
  has(path: string): boolean {
    return this.paths.some((watched) => isWithin(path, watched))
  }

  /**
   * What of a revision's changes is to be told; undefined for nothing. `moved_in`: something came
   * to a path from elsewhere, with all that is below it, of which the watchers know nothing.
   */
  of({ revision, changes }: NamespaceChanges): NamespaceChanges | 'moved_in' | undefined {
    const ours = changes.filter((change) => this.#concerns(change))
    if (ours.some((change) => this.#movesIn(change))) return 'moved_in'
    return ours.length === 0 ? undefined : { revision, changes: ours }
  }

  #concerns(change: NamespaceChange): boolean {
    if (change.kind === 'moved') {
      return this.#touches(change.path) || this.#touches(change.namespace.path)
    }
    return this.has('namespace' in change ? change.namespace.path : change.path)
  }

  #movesIn(change: NamespaceChange): boolean {
    if (change.kind !== 'moved') return false
    const to = change.namespace.path
    if (this.#isAboveOne(to)) return true
    // From another of the paths, too: what is below may not have been told yet.
    const into = this.paths.find((watched) => isWithin(to, watched))
    return into !== undefined && !isWithin(change.path, into)
  }

  /** Whether what happens to a namespace with all below it happens to something that is watched. */
  #touches(path: string): boolean {
    return this.has(path) || this.#isAboveOne(path)
  }

  #isAboveOne(path: string): boolean {
    return this.paths.some((watched) => watched !== path && isWithin(watched, path))
  }
}

/** Whether a path is another or below it. */
function isWithin(path: string, ancestor: string): boolean {
  return ancestor === '' || path === ancestor || path.startsWith(`${ancestor}/`)
}
