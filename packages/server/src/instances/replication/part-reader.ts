/**
 * Reads what somebody else sent for what it should be.
 *
 * Nothing throws and nothing has to be asked at each step: the first part that is not what it
 * should be is remembered, harmless things stand in for it and for all that follow, and who
 * reads a message asks once, at its end, whether it was sound.
 *
 * @module
 */

import { isName } from '../../model/names.ts'

export class PartReader {
  #isSound = true

  /** Whether every part so far was what it should be. */
  get isSound(): boolean {
    return this.#isSound
  }

  /** Says that something is not what it should be. */
  refuse(): void {
    this.#isSound = false
  }

  /** A whole number from 0 to `max`. */
  count(part: unknown, max = Number.MAX_SAFE_INTEGER): number {
    if (Number.isSafeInteger(part) && (part as number) >= 0 && (part as number) <= max) {
      return part as number
    }
    this.refuse()
    return 0
  }

  /** A number that is not negative, whole or not. */
  duration(part: unknown): number {
    const ms = this.number(part)
    if (ms < 0) this.refuse()
    return ms
  }

  number(part: unknown): number {
    if (Number.isFinite(part)) return part as number
    this.refuse()
    return 0
  }

  /** 0 or 1. */
  flag(part: unknown): boolean {
    return this.count(part, 1) === 1
  }

  name(part: unknown): string {
    if (typeof part === 'string' && isName(part)) return part
    this.refuse()
    return ''
  }

  /** A list of exactly so many parts; one without any where it is not. */
  fields(part: unknown, length: number): readonly unknown[] {
    if (Array.isArray(part) && part.length === length) return part as unknown[]
    this.refuse()
    return []
  }

  /** A list of at most `max` of what `read` reads. */
  list<T>(part: unknown, max: number, read: (item: unknown) => T): T[] {
    const items: T[] = []
    if (!Array.isArray(part) || part.length > max) {
      this.refuse()
      return items
    }
    for (const item of part as unknown[]) {
      items.push(read(item))
      if (!this.#isSound) break
    }
    return items
  }
}
