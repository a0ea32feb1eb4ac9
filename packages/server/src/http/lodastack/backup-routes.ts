/**
 * Everything as one file, and back. The file is that of the native API.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify'
import {
  restoreFrom,
  sendBackup,
  takeStreams,
  type BackupExchangeOptions,
} from '../backup-exchange.ts'
import { refusal } from '../problem.ts'
import { sendData } from './answers.ts'

const schema = { hide: true }

/** Adds the routes, under the names of its code and those of its documentation. */
export function addBackupRoutes(api: FastifyInstance, options: BackupExchangeOptions): void {
  const bodyLimit = options.limits.restoreBodyMaxBytes
  takeStreams(api)
  for (const before of ['/db', '']) {
    api.get(`${before}/backup`, { schema }, (request, reply) => sendBackup(options, request, reply))

    api.route({
      method: ['POST', 'PUT'],
      url: `${before}/restore`,
      schema,
      bodyLimit,
      handler: async (request, reply) => {
        const { generation, revision, count } = await restoreFrom(options, request, { reply })
        return sendData(reply, { generation, revision, count })
      },
    })

    // The original reads a file of the disk of whichever node is asked, and changes everything with a GET.
    api.get(`${before}/restore`, { schema }, (_request, reply) => {
      void reply.header('allow', 'POST, PUT')
      throw refusal(
        'method_not_allowed',
        'A restore takes the file itself and no path: send it as the body, with POST or PUT.',
      )
    })
  }
}
