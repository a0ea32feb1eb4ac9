/**
 * Resources as they are written for the command, and in what portions they are sent.
 *
 * @module
 */

import { LIMITS, invalidArgument } from '@rollcall/protocol'

type Fields = Readonly<Record<string, unknown>>

/** A resource out of a file. */
export interface ReadResource {
  readonly ns: string
  readonly id: string | undefined
  readonly properties: Readonly<Record<string, string>>
}

export interface ReadOptions {
  /** For all of them, whatever they say. */
  readonly ns: string | undefined
  /** All go into one namespace, which has to be named. */
  readonly isReplacing: boolean
}

/** Bytes of resources in one request: well below what a body may have. */
const BATCH_MAX_BYTES = 512 * 1_024
/** What a resource takes in a request besides its text. */
const OVERHEAD_BYTES = 64

/** Reads resources. Throws `invalid_argument` for what has another shape. */
export function parseResources(text: string, { ns, isReplacing }: ReadOptions): ReadResource[] {
  if (isReplacing && ns === undefined) {
    throw invalidArgument('--replace needs --ns: it is about all of one namespace.')
  }
  const input = parseJson(text)
  const list = isFields(input) ? input['resources'] : input
  if (!Array.isArray(list)) throw invalidArgument('The input must be a list of resources.')
  return list.map((item, at) => resourceOf(item, at + 1, ns))
}

/** Cuts resources into as many as a request may have. */
export function* batchesOf(
  rows: readonly ReadResource[],
): Generator<readonly ReadResource[], void, undefined> {
  let batch: ReadResource[] = []
  let bytes = 0
  for (const row of rows) {
    const more = Buffer.byteLength(JSON.stringify(row)) + OVERHEAD_BYTES
    const isFull = bytes + more > BATCH_MAX_BYTES || batch.length === LIMITS.resourcesPerRequestMax
    if (isFull && batch.length > 0) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(row)
    bytes += more
  }
  if (batch.length > 0) yield batch
}

function resourceOf(item: unknown, number: number, ns: string | undefined): ReadResource {
  const what = `Resource ${number}`
  if (!isFields(item)) throw invalidArgument(`${what} must be an object.`)
  const place = ns ?? item['ns']
  const { id, properties } = item
  if (typeof place !== 'string') throw invalidArgument(`${what} has no "ns"; give it, or --ns.`)
  if (id !== undefined && typeof id !== 'string') {
    throw invalidArgument(`${what} has an "id" that is no text.`)
  }
  if (!isFields(properties) || !areTexts(properties)) {
    throw invalidArgument(`${what} needs "properties": names and values, both text.`)
  }
  return { ns: place, id, properties }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function areTexts(fields: Fields): fields is Readonly<Record<string, string>> {
  return Object.values(fields).every((value) => typeof value === 'string')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidArgument(`The input is not JSON: ${reason}.`)
  }
}
