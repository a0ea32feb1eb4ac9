import type { KeyValue } from '../engine.ts'
import { FAMILY, parseTypeKey } from '../key-schema.ts'
import type { ResourceType } from '../resource-catalog.ts'
import type { Reducer } from '../view/reducer.ts'
import { KNOWN_TYPES } from './known-types.ts'
import { decodeType } from './type-record.ts'

/** Whether somebody writes many resources of a type at once. */
export interface HoldState {
  /** Of its last change; 0: there was none, or it ended with its holder. */
  readonly revision: number
  readonly isHeld: boolean
}

const NOT_HELD: HoldState = { revision: 0, isHeld: false }

/** How types are described, and which are held. */
export class TypeTable implements Reducer {
  readonly family = FAMILY.type
  readonly #described = new Map<string, ResourceType>()
  readonly #holds = new Map<string, HoldState>()

  put(entry: KeyValue): void {
    const { kind, type } = parseTypeKey(entry.key)
    const revision = entry.modRevision
    if (kind === 'hold') this.#holds.set(type, { revision, isHeld: entry.lease !== 0 })
    else this.#described.set(type, { type, ...decodeType(entry.value), revision })
  }

  delete(stored: string): void {
    const { kind, type } = parseTypeKey(stored)
    if (kind === 'hold') this.#holds.delete(type)
    else this.#described.delete(type)
  }

  /** Every type has a description; that of one that nobody described says nothing, or what is known of it. */
  get(type: string): ResourceType {
    return this.#described.get(type) ?? undescribed(type)
  }

  isDescribed(type: string): boolean {
    return this.#described.has(type)
  }

  /** Those that were described, and those that are known. */
  names(): ReadonlySet<string> {
    return new Set([...KNOWN_TYPES.keys(), ...this.#described.keys()])
  }

  hold(type: string): HoldState {
    return this.#holds.get(type) ?? NOT_HELD
  }
}

function undescribed(type: string): ResourceType {
  return { type, primaryKey: KNOWN_TYPES.get(type), schema: undefined, revision: 0 }
}
