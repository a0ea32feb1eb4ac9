/**
 * Who a uid is, by `/etc/passwd`.
 *
 * Accounts of a directory service are not in that file; they keep their number.
 *
 * @module
 */

/** Reads the text of a passwd file as uid to name. The first name of a uid counts, as in the C library. */
export function parsePasswd(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':')
    if (name === undefined || uid === undefined || name === '' || !/^\d+$/.test(uid)) continue
    if (!names.has(Number(uid))) names.set(Number(uid), name)
  }
  return names
}

/** Names a user, by number when nobody knows the name. */
export function userName(uid: number, names: ReadonlyMap<number, string>): string {
  return names.get(uid) ?? String(uid)
}
