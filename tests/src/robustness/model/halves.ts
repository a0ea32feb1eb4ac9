/**
 * A set that is kept in two halves. Each transaction adds an element to both.
 *
 * @module
 */

export type HalvesOperation =
  | { readonly kind: 'add'; readonly element: string }
  | {
      readonly kind: 'read'
      readonly left: ReadonlySet<string>
      readonly right: ReadonlySet<string>
    }
