/**
 * Messages between nodes as text: `[body, places, origins]` in JSON, where a body is an array
 * that begins with the kind of the message.
 *
 * What comes in is read as if a stranger had sent it. It is a sound message in all its parts or
 * it is none; whether what it says is true is for those who merge it.
 *
 * @module
 */

import { InstanceCheck } from '../warm-start/instance-check.ts'
import { readMessage } from './message-readers.ts'
import { bodyOf } from './message-writers.ts'
import type { PeerMessage } from './messages.ts'
import { NameWriter, OriginPool, readPlaces } from './name-lists.ts'
import { PartReader } from './part-reader.ts'

/** Writes a message. A decoder makes the same of it again. */
export function encodeMessage(message: PeerMessage): string {
  const names = new NameWriter()
  const body = bodyOf(message, names)
  return JSON.stringify([body, names.places, names.origins])
}

/** Reads the messages of one channel. Equal origins become one object in all of them. */
export class MessageDecoder {
  readonly #pool = new OriginPool()
  readonly #check = new InstanceCheck()

  /** Answers undefined for whatever is not a sound message. Never throws. */
  decode(text: string): PeerMessage | undefined {
    const reader = new PartReader()
    const fields = reader.fields(parse(text), 3)
    const places = readPlaces(fields[1], reader)
    const origins = this.#pool.read(fields[2], reader)
    const message = readMessage(fields[0], { reader, places, origins, check: this.#check })
    return reader.isSound ? message : undefined
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
