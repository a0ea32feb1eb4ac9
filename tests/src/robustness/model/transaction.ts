/**
 * Transactions over lists that only grow: each appends an element of its own to some lists, or
 * reads several of them at once.
 *
 * @module
 */

export type ListOperation =
  /** Appends at the end of each list, or nowhere. */
  | { readonly kind: 'append'; readonly element: string; readonly lists: readonly string[] }
  /** What each list held, all at one moment. */
  | { readonly kind: 'read'; readonly found: ReadonlyMap<string, readonly string[]> }
