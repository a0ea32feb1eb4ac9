/**
 * Binary search among numbers and among texts. One function for each: their comparisons are
 * different instructions, and a search that did both would do each slowly.
 *
 * @module
 */

/** How many numbers of a sorted list are below one. */
export function numbersBelow(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** How many texts of a sorted list are below one. */
export function textsBelow(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as string) < text) low = middle + 1
    else high = middle
  }
  return low
}

/** Of a list of which only the first ones hold: how many from `from` on do. */
export function countOfFirst<T>(list: readonly T[], holds: (one: T) => boolean, from = 0): number {
  let low = from
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(list[middle] as T)) low = middle + 1
    else high = middle
  }
  return low - from
}
