/**
 * A backup on its way out and in, for every protocol that has one: the file is the same.
 *
 * @module
 */

import { Readable, pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import { BACKUP_TYPE, HEADERS } from '@rollcall/protocol'
import type { Logger } from '@rollcall/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalog, RestoreAnswer } from '../catalog/index.ts'
import { backupUpload } from './backup-upload.ts'
import { acceptsGzip } from './gzip.ts'
import { isLikeOthers, mayUploadLong, mayWorkLong } from './long-requests.ts'

/** Like all bodies: speed over size. */
const GZIP = { level: 3 }

export interface BackupExchangeOptions {
  readonly catalog: Pick<Catalog, 'backups'>
  readonly limits: { readonly restoreBodyMaxBytes: number }
  readonly log: Logger
}

/** A backup is a backup, whatever its sender calls it, and too large to be held. */
export function takeStreams(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(null, payload)
  })
}

/** Sends everything as one file. Rejects with `unavailable`. */
export async function sendBackup(
  { catalog, log }: BackupExchangeOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const file = await catalog.backups.open()
  void reply.type(BACKUP_TYPE).header(HEADERS.revision, file.revision)
  void reply.header('vary', 'accept-encoding')
  if (request.method === 'HEAD') {
    // Whatever is sent would be read to its end, and dropped.
    await file[Symbol.asyncDispose]()
    // A stream, for its length is not known.
    return reply.send(Readable.from([]))
  }
  reply.waitedOnPurpose = true
  const lines = Readable.from(file.chunks)
  // Whoever reads it may go away at any time.
  lines.once('close', () => {
    void file[Symbol.asyncDispose]()
  })
  const broke = (error: NodeJS.ErrnoException | null | undefined) => {
    if (error && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') {
      log.error({ err: error }, 'a backup broke off')
    }
  }
  if (!acceptsGzip(request.raw)) {
    lines.once('error', broke)
    return reply.send(lines)
  }
  void reply.header('content-encoding', 'gzip')
  return reply.send(pipeline(lines, createGzip(GZIP), broke))
}

/** Restores from the body, which `takeStreams` has left unread. Rejects as `Backups.restore`. */
export async function restoreFrom(
  { catalog, limits }: BackupExchangeOptions,
  request: FastifyRequest,
  { reply, isDryRun = false }: { readonly reply: FastifyReply; readonly isDryRun?: boolean },
): Promise<RestoreAnswer> {
  reply.waitedOnPurpose = true
  const upload = backupUpload(request, {
    bytesMax: limits.restoreBodyMaxBytes,
    onEnd: () => {
      mayWorkLong(request.raw)
    },
  })
  mayUploadLong(request.raw)
  try {
    return await catalog.backups.restore(upload.chunks, { isDryRun, bytes: upload.bytes })
  } finally {
    isLikeOthers(request.raw)
  }
}
