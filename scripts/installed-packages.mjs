// @ts-check
/**
 * Whether `node_modules` is what `package-lock.json` asks for.
 *
 * Two witnesses. Our own stamp says from which lock file and by which Node we installed; npm
 * removes it with the folder, so half an install never counts. Where there is no stamp that fits,
 * npm's note of what it installed is compared with the lock file: somebody who ran `npm ci` or
 * `npm install` by hand (an image without network, say) need not wait for it twice.
 *
 * @module
 */
import { createHash } from 'node:crypto'

/** What npm calls its note of what it installed. */
export const INSTALLED_NOTE = 'node_modules/.package-lock.json'

/** Where our stamp lies. */
export const STAMP = 'node_modules/.rollcall-setup'

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 *
 * @typedef {object} LockFile
 * @property {Readonly<Record<string, LockedPackage>>} [packages]
 */

/**
 * Returns the text of the stamp for this lock file and this Node.
 *
 * @param {string} lockText
 * @param {Readonly<{ version: string, platform: string, arch: string }>} node
 */
export function stampFor(lockText, node) {
  const lock = createHash('sha256').update(lockText).digest('hex')
  return `${JSON.stringify({ lock, node: `${node.version} ${node.platform}-${node.arch}` })}\n`
}

/**
 * Says whether a stamp was written by the same Node, whatever its lock file was. A build of a
 * library for another Node must not be taken for ours.
 *
 * @param {string} left
 * @param {string} right
 */
export function isSameNode(left, right) {
  return nodeOf(left) !== undefined && nodeOf(left) === nodeOf(right)
}

/**
 * Says whether npm's note lists exactly the packages of the lock file. Optional ones may be
 * absent: they are the builds for other machines.
 *
 * @param {LockFile} lock
 * @param {LockFile} installed
 */
export function isInstalledFrom(lock, installed) {
  const wanted = lock.packages ?? {}
  const present = installed.packages ?? {}
  const complete = Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true // the project itself
    const found = present[path]
    if (found === undefined) return optional === true
    return found.version === version && found.integrity === integrity
  })
  return complete && Object.keys(present).every((path) => path in wanted)
}

/**
 * @param {string} stamp
 * @returns {string | undefined}
 */
function nodeOf(stamp) {
  try {
    const { node } = /** @type {{ node?: string }} */ (JSON.parse(stamp))
    return node
  } catch {
    return undefined // cut short while it was written: as good as none
  }
}
