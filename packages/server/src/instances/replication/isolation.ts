/**
 * Whether this node is cut off: it hears fewer than half of the members. Then it hides nothing
 * of theirs, since it is less likely that they all died than that nobody can be heard here.
 *
 * Half of them is not fewer: the death of one node of two would keep its dead for hours.
 *
 * @module
 */

import type { PlaneCore } from '../plane-core.ts'
import type { Members } from './members.ts'
import { members as membersOf } from './membership.ts'

export class Isolation {
  readonly #core: PlaneCore
  readonly #members: Members
  #isCutOff = false

  constructor(core: PlaneCore, members: Members) {
    this.#core = core
    this.#members = members
  }

  get isCutOff(): boolean {
    return this.#isCutOff
  }

  /** Looks again. It ends when half are heard, and what those who returned know is known here. */
  judge(nowMs: number, isBooting: boolean): void {
    if (this.#hearsHalf(nowMs)) {
      const isSynced = this.#members.doubted(nowMs).length === 0
      if (this.#isCutOff && isSynced) this.#end()
    } else if (!isBooting) {
      this.#isCutOff = true
    }
  }

  #hearsHalf(nowMs: number): boolean {
    const { node } = this.#core.options
    let total = 1
    let alive = 1
    for (const member of membersOf(this.#core)) {
      if (member.node === node) continue
      total += 1
      alive += Number(this.#members.isAlive(member.node, nowMs))
    }
    return 2 * alive >= total
  }

  /** What is past its time is hidden now. */
  #end(): void {
    this.#isCutOff = false
    for (const group of this.#core.homes.groups()) {
      if (group.standing === 'lost') this.#core.homes.walk(group)
    }
  }
}
