/**
 * The catalog as a map, one commit after the other: what engines are compared with.
 *
 * @module
 */

import type {
  Batch,
  Commit,
  Compare,
  KeyValue,
  Operation,
  OperationResult,
} from '../../catalog/engine.ts'

export class Model {
  readonly entries = new Map<string, KeyValue>()

  holds(compare: Compare): boolean {
    switch (compare.kind) {
      case 'empty':
        return this.#below(compare.prefix).length === 0
      case 'unchanged_since':
        return this.#below(compare.prefix).every((entry) => entry.modRevision <= compare.revision)
      case 'exists':
        return this.entries.has(compare.key) === compare.exists
      case 'value':
        return this.entries.get(compare.key)?.value.toString() === compare.value.toString()
      case 'lease':
        return this.entries.get(compare.key)?.lease === compare.lease
      case 'revision': {
        const entry = this.entries.get(compare.key)
        const actual = (compare.of === 'mod' ? entry?.modRevision : entry?.createRevision) ?? 0
        return {
          '=': actual === compare.revision,
          '<': actual < compare.revision,
          '>': actual > compare.revision,
        }[compare.is]
      }
    }
    throw new Error('There is no such compare.')
  }

  /** Does a commit at a revision. */
  do({ compares, then, otherwise = [] }: Commit, revision: number) {
    const succeeded = compares.every((compare) => this.holds(compare))
    const branch = succeeded ? then : otherwise
    return { succeeded, results: branch.map((operation) => this.#do(operation, revision)) }
  }

  /** Does what a watcher was told. */
  follow({ changes }: Batch): void {
    for (const change of changes) {
      if (change.kind === 'delete') this.entries.delete(change.key)
      else this.entries.set(change.entry.key, change.entry)
    }
  }

  #do(operation: Operation, revision: number): OperationResult {
    if (operation.kind === 'get') return { kind: 'got', entry: this.entries.get(operation.key) }
    if (operation.kind === 'put') {
      const { key, value, lease = 0 } = operation
      const createRevision = this.entries.get(key)?.createRevision ?? revision
      this.entries.set(key, { key, value, createRevision, modRevision: revision, lease })
      return { kind: 'put' }
    }
    const keys =
      operation.kind === 'delete'
        ? [operation.key]
        : this.#below(operation.prefix).map(({ key }) => key)
    return { kind: 'deleted', count: keys.filter((key) => this.entries.delete(key)).length }
  }

  #below(prefix: string): KeyValue[] {
    return [...this.entries.values()].filter(({ key }) => key.startsWith(prefix))
  }
}
