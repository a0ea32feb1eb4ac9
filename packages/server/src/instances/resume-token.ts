/**
 * Where a watcher stands in this node's changes, as a text that clients hand back unread.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol/errors'
import type { Origin } from './stamp.ts'

/** Names the changes up to `revision` of one life of one node. */
export function formatToken({ node, inc }: Origin, revision: number): string {
  return `${inc.toString(36)}.${revision.toString(36)}.${node}`
}

export interface ResumePoint {
  readonly origin: Origin
  readonly revision: number
}

const TOKEN = /^([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.(\S{1,128})$/

/** Reads a token of any node. Throws `invalid_argument` for anything else. */
export function parseToken(text: string): ResumePoint {
  const [, inc = '', revision = '', node = ''] = TOKEN.exec(text) ?? []
  if (node === '') {
    throw invalidArgument('The token is not one that a node gave out; leave it away to start over.')
  }
  return {
    origin: { node, inc: Number.parseInt(inc, 36) },
    revision: Number.parseInt(revision, 36),
  }
}
