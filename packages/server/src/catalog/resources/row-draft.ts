import type { RegistryError } from '@rollcall/protocol/errors'
import { alreadyExists } from '../refusals.ts'
import type { Properties, ResourceType } from '../resource-catalog.ts'
import type { ResourceRow } from './resource-index.ts'
import { checkId, checkProperties, sameProperties, storedKey } from './resource-checks.ts'
import type { ResourceTable } from './resource-table.ts'

/** A row as it is to be. */
export type DraftRow = Omit<ResourceRow, 'revision'>

/** What becomes of one key; of one that came and went within the write, nothing. */
export interface RowChange {
  readonly at: Pick<DraftRow, 'nsId' | 'type' | 'key'>
  /** As the view has it. */
  readonly before: ResourceRow | undefined
  readonly after: DraftRow | undefined
  /** It was looked at, and stays as it is. */
  readonly isSame: boolean
}

export interface RowDraftOptions {
  readonly table: ResourceTable
  readonly type: ResourceType
  /** Throws `schema_violation`. */
  readonly checkSchema: (properties: Properties) => void
}

/**
 * Resources of one type as they are to be after a write: the view, with changes on top of it.
 * What is asked of it sees the changes before, so that operations in order are one step.
 */
export class RowDraft {
  readonly type: ResourceType
  readonly #table: ResourceTable
  readonly #checkSchema: (properties: Properties) => void
  readonly #changes = new Map<string, Omit<RowChange, 'isSame'>>()
  /** Ids that changes touch: where their row is, if there is one. */
  readonly #ids = new Map<string, string | undefined>()
  #needsHold = false

  constructor({ table, type, checkSchema }: RowDraftOptions) {
    this.#table = table
    this.type = type
    this.#checkSchema = checkSchema
  }

  /** It rests on more than can be seen from the keys that it changes. */
  get needsHold(): boolean {
    return this.#needsHold
  }

  /** Nothing of the type may change meanwhile, on any node. */
  needHold(): void {
    this.#needsHold = true
  }

  /** Of how many keys something becomes, or was to become. */
  get size(): number {
    return this.#changes.size
  }

  /** In no order. */
  *changes(): Generator<RowChange, void, undefined> {
    for (const change of this.#changes.values()) {
      yield { ...change, isSame: isSame(change.before, change.after) }
    }
  }

  /** Of a row that stays as it is; undefined: it will have that of the commit. */
  revisionOf(row: DraftRow): number | undefined {
    const change = this.#changes.get(placeOf(row.nsId, row.key))
    if (!change?.before) return undefined
    return isSame(change.before, change.after ?? change.before) ? change.before.revision : undefined
  }

  byKey(nsId: string, key: string): DraftRow | undefined {
    const change = this.#changes.get(placeOf(nsId, key))
    return change ? change.after : this.#table.row(this.type.type, nsId, key)
  }

  byId(nsId: string, id: string): DraftRow | undefined {
    const place = placeOf(nsId, id)
    if (this.#ids.has(place)) {
      const key = this.#ids.get(place)
      return key === undefined ? undefined : this.byKey(nsId, key)
    }
    return this.#table.byId(this.type.type, id).find((row) => row.nsId === nsId)
  }

  /** Throws `already_exists`, `schema_violation`, `invalid_argument`, `limit_exceeded`. */
  add(nsId: string, { id, properties }: Pick<DraftRow, 'id' | 'properties'>): DraftRow {
    if (this.byId(nsId, id)) {
      const { type } = this.type
      throw alreadyExists(`The ${type} with the id "${id}" is there already.`, { type, id })
    }
    return this.#put(nsId, id, properties)
  }

  /** As `add`, under an id that its caller has chosen: no key keeps that from being taken twice. */
  addNamed(nsId: string, { id, properties }: Pick<DraftRow, 'id' | 'properties'>): DraftRow {
    checkId(id)
    this.needHold()
    return this.add(nsId, { id, properties })
  }

  /** Gives a row other properties, which may be another key. */
  change(row: DraftRow, properties: Properties): DraftRow {
    this.remove(row)
    return this.#put(row.nsId, row.id, properties)
  }

  remove({ nsId, key, id }: DraftRow): void {
    this.#set(nsId, key, undefined)
    this.#ids.set(placeOf(nsId, id), undefined)
  }

  #put(nsId: string, id: string, properties: Properties): DraftRow {
    checkProperties(properties)
    const { type, primaryKey } = this.type
    const key = storedKey(primaryKey, id, properties)
    this.#checkSchema(properties)
    if (this.byKey(nsId, key)) throw keyTaken(this.type, properties)
    const row: DraftRow = { nsId, type, key, id, properties }
    this.#set(nsId, key, row)
    this.#ids.set(placeOf(nsId, id), key)
    return row
  }

  #set(nsId: string, key: string, after: DraftRow | undefined): void {
    const place = placeOf(nsId, key)
    const known = this.#changes.get(place)
    const { type } = this.type
    const before = known ? known.before : this.#table.row(type, nsId, key)
    this.#changes.set(place, { at: known?.at ?? { nsId, type, key }, before, after })
  }
}

function placeOf(nsId: string, name: string): string {
  return `${nsId}/${name}`
}

function isSame(before: ResourceRow | undefined, after: DraftRow | undefined): boolean {
  if (!before || !after) return before === after
  return before.id === after.id && sameProperties(before.properties, after.properties)
}

function keyTaken(
  { type, primaryKey = '_id' }: ResourceType,
  properties: Properties,
): RegistryError {
  const key = properties[primaryKey] ?? ''
  const message = `The ${type} with the ${primaryKey} "${key}" is there already; change that one.`
  return alreadyExists(message, { type, primaryKey, key })
}
