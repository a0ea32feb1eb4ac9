/**
 * Many requests at a time, but not all.
 *
 * @module
 */

/**
 * Runs `act` on each item, up to `width` at a time, in order of starting. Stops taking new ones once
 * an `act` answers false. Rejects, after all that were started have ended, when one of them did.
 */
export async function eachOf<T>(
  items: Iterable<T>,
  width: number,
  act: (item: T) => Promise<boolean>,
): Promise<void> {
  const rest = items[Symbol.iterator]()
  let going = true
  const worker = async () => {
    while (going) {
      const next = rest.next()
      if (next.done === true) return
      // A failure stops the others too: it is a bug, and they would only repeat it.
      const proceed = await act(next.value).catch((error: unknown) => {
        going = false
        throw error
      })
      going &&= proceed
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: width }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
