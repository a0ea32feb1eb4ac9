/**
 * Everything as one file, and back.
 *
 * @module
 */

import { Readable, pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import { BACKUP_TYPE, HEADERS, Problem, RestoreAnswer, RestoreStatus } from '@rollcall/protocol'
import type { Logger } from '@rollcall/runtime'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog } from '../../catalog/index.ts'
import { acceptsGzip } from '../gzip.ts'
import { isLikeOthers, mayUploadLong, mayWorkLong } from '../long-requests.ts'
import { backupUpload } from './backup-upload.ts'
import { tellWritten } from './catalog-reads.ts'

const closed = { additionalProperties: false } as const
const NoQuery = Type.Object({}, closed)
const RestoreQuery = Type.Object(
  { dryRun: Type.Optional(Type.Enum(['0', '1'], { description: '1: only check it.' })) },
  closed,
)

const tags = ['backup']
/** Nothing about it is checked here: the plane does, line by line. */
const File = { content: { [BACKUP_TYPE]: { schema: Type.Unknown({ description: 'Lines.' }) } } }
const response = { '4xx': Problem, '5xx': Problem }

const SCHEMAS = {
  backup: {
    summary: 'Everything in the catalog, as one file',
    tags,
    querystring: NoQuery,
    response: { ...response, 200: File },
  },
  restore: {
    summary: 'Put a backup in place of everything in the catalog',
    tags,
    querystring: RestoreQuery,
    body: File,
    response: { ...response, 200: RestoreAnswer },
  },
  status: {
    summary: 'How far a restore is',
    tags,
    querystring: NoQuery,
    response: { ...response, 200: RestoreStatus },
  },
}

/** Like all bodies: speed over size. */
const GZIP = { level: 3 }

export interface BackupRoutesOptions {
  readonly catalog: Catalog
  readonly limits: { readonly restoreBodyMaxBytes: number }
  readonly log: Logger
}

export const backupRoutes: FastifyPluginAsync<BackupRoutesOptions> = async (app, options) => {
  const { catalog } = options
  takeStreams(app)

  app.get(
    '/backup',
    { schema: SCHEMAS.backup, config: { answers: [BACKUP_TYPE, 'application/json'] } },
    (request, reply) => sendBackup(options, request, reply),
  )

  app.post<{ Querystring: Static<typeof RestoreQuery>; Body: Readable | undefined }>(
    '/restore',
    { schema: SCHEMAS.restore, bodyLimit: options.limits.restoreBodyMaxBytes },
    (request, reply) => restore(options, request, reply),
  )

  app.get('/restore', { schema: SCHEMAS.status }, (): RestoreStatus => {
    const { state, generation, progress, error } = catalog.backups.status()
    return { state, generation, progress: progress ?? null, ...(error && { error }) }
  })
}

/** A backup is a backup, whatever its sender calls it, and too large to be held. */
function takeStreams(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(null, payload)
  })
}

async function sendBackup(
  { catalog, log }: BackupRoutesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const file = await catalog.backups.open()
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
  void reply.type(BACKUP_TYPE).header(HEADERS.revision, file.revision)
  void reply.header('vary', 'accept-encoding')
  if (!acceptsGzip(request.raw)) {
    lines.once('error', broke)
    return reply.send(lines)
  }
  void reply.header('content-encoding', 'gzip')
  return reply.send(pipeline(lines, createGzip(GZIP), broke))
}

async function restore(
  { catalog, limits }: BackupRoutesOptions,
  request: FastifyRequest<{ Querystring: Static<typeof RestoreQuery>; Body: Readable | undefined }>,
  reply: FastifyReply,
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
    const isDryRun = request.query.dryRun === '1'
    const { bytes } = upload
    const answer = await catalog.backups.restore(upload.chunks, { isDryRun, bytes })
    const { generation, revision, count, replacedWrites, tookMs } = answer
    tellWritten(reply, answer)
    return { generation, revision, count, replacedWrites, tookMs }
  } finally {
    isLikeOthers(request.raw)
  }
}
