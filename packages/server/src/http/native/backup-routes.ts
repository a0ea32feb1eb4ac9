/**
 * Everything as one file, and back.
 *
 * @module
 */

import type { Readable } from 'node:stream'
import { BACKUP_TYPE, Problem, RestoreAnswer, RestoreStatus } from '@rollcall/protocol'
import type { Logger } from '@rollcall/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog } from '../../catalog/index.ts'
import { restoreFrom, sendBackup, takeStreams } from '../backup-exchange.ts'
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
    async (request, reply): Promise<RestoreAnswer> => {
      const isDryRun = request.query.dryRun === '1'
      const answer = await restoreFrom(options, request, { reply, isDryRun })
      const { generation, revision, count, replacedWrites, tookMs } = answer
      tellWritten(reply, answer)
      return { generation, revision, count, replacedWrites, tookMs }
    },
  )

  app.get('/restore', { schema: SCHEMAS.status }, (): RestoreStatus => {
    const { state, generation, progress, error } = catalog.backups.status()
    return { state, generation, progress: progress ?? null, ...(error && { error }) }
  })
}
