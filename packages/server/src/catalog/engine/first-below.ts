/** Answers a key that begins with one of the prefixes, if there is one. A few thousand of each are nothing. */
export function firstBelow(
  prefixes: readonly string[],
  keys: readonly string[],
): string | undefined {
  if (prefixes.length === 0 || keys.length === 0) return undefined
  const sorted = keys.toSorted()
  for (const prefix of prefixes) {
    // In any order of text, what begins with a prefix follows right after it.
    const first = sorted[firstFrom(sorted, prefix)]
    if (first?.startsWith(prefix) === true) return first
  }
  return undefined
}

/** Where the first text stands that is not before `bound`. */
function firstFrom(sorted: readonly string[], bound: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < bound) low = middle + 1
    else high = middle
  }
  return low
}
