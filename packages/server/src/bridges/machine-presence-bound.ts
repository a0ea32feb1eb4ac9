/**
 * How many machines may be declared dead.
 *
 * Many machines that fall silent together are more often a broken network, or a registry that is
 * told nothing, than a massacre. The instance plane holds back what lapses within minutes; this
 * holds back what comes after, when its protection has ended. Within any hour no more than 15 %
 * of the machines that were online die, and three in any case; the others stay online, longest
 * absent first to go. Whoever is wrong then is wrong about few, and people have time to look.
 *
 * What died lately is counted from the rows (`deadSince`), not from memory: so a restart does
 * not begin anew, and nodes that share a catalog share one bound.
 *
 * @module
 */

/** Deaths are counted over this time. */
export const DEATHS_WINDOW_MS = 3_600_000

/** Of the machines that were online at its beginning, this share may die in it. */
const DEATHS_RATIO = 0.15

/** So many may die in it whatever their share. */
const DEATHS_FREE = 3

export interface Fleet {
  /** Machines whose status is `online`, present or not. */
  readonly online: number
  /** Machines that died within the window. */
  readonly diedLately: number
}

/** How many more may be declared dead now. */
export function deathsAllowed({ online, diedLately }: Fleet): number {
  const bound = Math.max(DEATHS_FREE, Math.floor((online + diedLately) * DEATHS_RATIO))
  return Math.max(0, bound - diedLately)
}
