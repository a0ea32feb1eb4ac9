/**
 * The body of a restore as it arrives: unpacked where it was packed, and not more than is allowed.
 *
 * @module
 */

import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { invalidArgument, limitExceeded } from '@rollcall/protocol'
import type { FastifyRequest } from 'fastify'
import { refusal } from './problem.ts'

export interface Upload {
  readonly chunks: AsyncIterable<Uint8Array>
  /** How many will come, where the request says so. */
  readonly bytes: number | undefined
}

/** Lines around each part say which it is, and are no lines of a backup. */
const FORM = /^multipart\//i

export interface UploadOptions {
  /** As sent, and unpacked. */
  readonly bytesMax: number
  /** Called when all of it is there. */
  readonly onEnd: () => void
}

/** Throws `limit_exceeded` and `unsupported_media_type` at once; reading it throws the rest. */
export function backupUpload(
  { headers, body }: Pick<FastifyRequest, 'headers' | 'body'>,
  { bytesMax, onEnd }: UploadOptions,
): Upload {
  const announced = Number(headers['content-length'] ?? Number.NaN)
  if (announced > bytesMax) throw tooLarge(bytesMax, announced)
  if (FORM.test(headers['content-type'] ?? '')) {
    const message = 'A backup is the body itself and no part of a form: curl --data-binary @FILE.'
    throw refusal('unsupported_media_type', message)
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'gzip' && encoding !== 'identity') {
    throw refusal('unsupported_media_type', 'A backup is sent as it is, or with gzip.')
  }
  const sent = limited(received(body instanceof Readable ? body : Readable.from([])), bytesMax)
  const whole = andThen(sent, onEnd)
  if (encoding === 'gzip') return { chunks: limited(unpacked(whole), bytesMax), bytes: undefined }
  return { chunks: whole, bytes: Number.isNaN(announced) ? undefined : announced }
}

/** Whoever stops reading leaves the connection open: the refusal goes back over it. */
async function* received(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array
  } catch (error) {
    throw refusalOfBroken(error)
  }
}

async function* andThen(
  chunks: AsyncIterable<Uint8Array>,
  act: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks
  act()
}

async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge(bytesMax, bytes)
    yield chunk
  }
}

async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip()
  const packed = Readable.from(chunks)
  packed.once('error', (error) => gunzip.destroy(error))
  packed.pipe(gunzip)
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array
  } catch (error) {
    if (!isOfZlib(error)) throw error
    const message = `The backup cannot be unpacked as the gzip that it is sent as (${error.message}).`
    throw refusal('invalid_backup', message, { reason: 'gzip' })
  } finally {
    packed.destroy()
  }
}

function tooLarge(limit: number, actual: number) {
  return limitExceeded('request body bytes', limit, actual)
}

/** What the connection says when it ends early. */
function refusalOfBroken(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  return invalidArgument('The connection was lost before all of the backup was there.')
}

function isOfZlib(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}
