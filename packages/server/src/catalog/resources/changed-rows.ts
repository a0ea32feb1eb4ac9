import type { ListFamily } from '../key-schema.ts'
import type { ResourceIndex, ResourceRow } from './resource-index.ts'

/** What a batch has done to one list. */
export interface ChangedList {
  readonly family: ListFamily
  readonly nsId: string
  readonly type: string
  readonly upserted: readonly ResourceRow[]
  /** Ids of rows whose key is gone. */
  readonly removed: ReadonlySet<string>
}

interface Gathered extends ChangedList {
  readonly upserted: ResourceRow[]
  readonly removed: Set<string>
}

/**
 * What a batch does to rows, list by list, gathered while the tables take it over: to look each
 * row up again afterwards would take as long as that.
 */
export class ChangedRows {
  /** By family, namespace and type; undefined: nobody asks. */
  #lists: Map<string, Gathered> | undefined
  /** Nearly always the next row is of the same list. */
  #last: Gathered | undefined

  /** Hears what becomes of the rows of one family. */
  listener(family: ListFamily): ResourceIndex {
    return {
      put: (row) => this.#listOf(family, row)?.upserted.push(row),
      delete: (row) => this.#listOf(family, row)?.removed.add(row.id),
    }
  }

  /** Answers what is heard while `act` runs, in the order in which the lists were first touched. */
  during(act: () => void): readonly ChangedList[] {
    const lists = new Map<string, Gathered>()
    this.#lists = lists
    try {
      act()
    } finally {
      this.#lists = undefined
      this.#last = undefined
    }
    return lists.size === 0 ? NONE : Array.from(lists.values())
  }

  #listOf(family: ListFamily, { nsId, type }: ResourceRow): Gathered | undefined {
    if (!this.#lists) return undefined
    const last = this.#last
    if (last && last.nsId === nsId && last.type === type && last.family === family) return last
    const name = `${family}/${nsId}/${type}`
    const list = this.#lists.get(name) ?? { family, nsId, type, upserted: [], removed: new Set() }
    this.#lists.set(name, list)
    this.#last = list
    return list
  }
}

const NONE: readonly ChangedList[] = []
