/**
 * Standard input as a whole.
 *
 * @module
 */

import type { Readable } from 'node:stream'
import { limitExceeded } from '@rollcall/protocol'

/** Reads a stream to its end. Throws `limit_exceeded` as soon as it is more than `maxBytes`. */
export async function readAll(stream: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw limitExceeded('bytes of input', maxBytes, length)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
