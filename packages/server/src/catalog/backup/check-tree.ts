/**
 * Whether namespaces make a tree, and whatever lies in one lies in one that is there. Each entry
 * by itself may be sound; a backup of somebody else's making need not be.
 *
 * @module
 */

import { FAMILY, parseListKey, parseNamespaceKey, siblingKey } from '../key-schema.ts'
import { BUILT_IN, isNamespace, ROOT_ID, decodeNamespace } from '../namespaces/namespace-record.ts'
import { isResource } from '../resources/resource-record.ts'
import { invalidBackup } from './faults.ts'
import type { BackupEntry } from './parse-line.ts'

/** Many more than a view can hold; a file is refused before its names fill the memory. */
const NAMESPACES_MAX = 2_000_000

interface Place {
  readonly parent: string
  readonly name: string
  readonly line: number
  /** Whether its name is kept as a key, too. */
  isNamed: boolean
}

/** Sees the entries of one backup in their order: namespaces come before all that lies in them. */
export class TreeCheck {
  readonly #places = new Map<string, Place>()

  constructor() {
    for (const [id, { parent, name }] of BUILT_IN) {
      this.#places.set(id, { parent, name, line: 0, isNamed: true })
    }
  }

  /** Throws `invalid_backup`. */
  take(entry: BackupEntry, line: number): void {
    const family = entry.key.charAt(0)
    if (family === FAMILY.namespace) this.#takeNamespace(entry, line)
    else if (family === FAMILY.sibling) this.#takeName(entry, line)
    else if (family === FAMILY.resource || family === FAMILY.template) this.#takeRow(entry, line)
  }

  /** Throws `invalid_backup` when a namespace leads nowhere, or its name is free to others. */
  finish(): void {
    const rooted = new Set([ROOT_ID])
    for (const [id, { line, isNamed }] of this.#places) {
      if (!isNamed) throw fault(line, 'the name of this namespace is not kept as a key.')
      if (!this.#isRooted(id, rooted)) {
        throw fault(line, 'this namespace is in none that is there, or in itself.')
      }
    }
  }

  #takeNamespace({ key, value }: BackupEntry, line: number): void {
    const id = parseNamespaceKey(key)
    if (id === '' || !isNamespace(value)) {
      throw invalidBackup(line, 'value', 'no namespace can be like this.')
    }
    const { parent, name } = decodeNamespace(value)
    const builtIn = BUILT_IN.get(id)
    if (builtIn && (builtIn.parent !== parent || builtIn.name !== name)) {
      throw fault(line, 'what every catalog has from the start is somewhere else.')
    }
    this.#places.set(id, { parent, name, line, isNamed: builtIn !== undefined })
    if (this.#places.size > NAMESPACES_MAX) {
      throw fault(line, `a backup has at most ${NAMESPACES_MAX} namespaces.`)
    }
  }

  #takeName({ key, value }: BackupEntry, line: number): void {
    const place = this.#places.get(value.toString())
    if (!place || siblingKey(place.parent, place.name) !== key) {
      throw fault(line, 'the name is of no namespace that is there.')
    }
    place.isNamed = true
  }

  #takeRow({ key, value }: BackupEntry, line: number): void {
    const row = parseListKey(key)
    if (!row || row.type === '' || (row.kind === 'row' && row.key === '')) {
      throw invalidBackup(line, 'key', 'no resource can be called like this.')
    }
    if (!this.#places.has(row.nsId)) {
      throw fault(line, 'the resource is in a namespace that is not there.')
    }
    if (row.kind === 'version' || isResource(value)) return
    throw invalidBackup(line, 'value', 'no resource can be like this.')
  }

  #isRooted(id: string, rooted: Set<string>): boolean {
    const way: string[] = []
    let at = id
    while (!rooted.has(at)) {
      const place = this.#places.get(at)
      if (!place || way.length > this.#places.size) return false
      way.push(at)
      at = place.parent
    }
    for (const one of way) rooted.add(one)
    return true
  }
}

function fault(line: number, message: string) {
  return invalidBackup(line, 'namespace', message)
}
