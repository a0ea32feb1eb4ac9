/**
 * The tags of an `If-None-Match` header (RFC 9110, section 8.8.3).
 *
 * @module
 */

/** What stands in the quotes of each, whether weak or not. */
export function tagsIn(header: string | undefined): string[] {
  return [...(header ?? '').matchAll(/(?:W\/)?"([^"]*)"/g)].flatMap(([, tag]) => tag ?? [])
}

/** Says whether a client has what bears this tag. A star stands for whatever there is. */
export function isSeen(header: string | undefined, tag: string): boolean {
  return header?.trim() === '*' || tagsIn(header).includes(tag)
}
