/**
 * Transactions: several compares and operations on keys as one step.
 *
 * @module
 */

import { Problem, TxnAnswer, TxnBody } from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { Catalog, Txn, TxnCompare, TxnOperation, TxnResult } from '../../catalog/index.ts'
import { base64Of, bytesOf } from '../base64.ts'
import { tellWritten } from './catalog-reads.ts'
import { idempotencyOf } from './idempotency-key.ts'

export interface TxnRoutesOptions {
  readonly catalog: Catalog
  readonly limits: { readonly catalogBodyMaxBytes: number }
}

export const txnRoutes: FastifyPluginAsync<TxnRoutesOptions> = async (app, options) => {
  const { catalog, limits } = options

  app.post<{ Body: TxnBody }>(
    '/txn',
    {
      bodyLimit: limits.catalogBodyMaxBytes,
      schema: {
        summary: 'Compare and change several keys as one step',
        tags: ['kv'],
        querystring: Type.Object({}, { additionalProperties: false }),
        body: TxnBody,
        response: { 200: TxnAnswer, '4xx': Problem },
      },
    },
    async (request, reply): Promise<TxnAnswer> => {
      const idempotency = idempotencyOf(request)
      const answer = await catalog.txn(txnOf(request.body), { idempotency })
      tellWritten(reply, answer)
      const { succeeded, revision, results } = answer
      return { succeeded, revision, results: results.map(presentResult) }
    },
  )
}

function txnOf({ compares = [], then = [], otherwise = [] }: TxnBody): Txn {
  const operations = (branch: 'then' | 'otherwise', all: NonNullable<TxnBody['then']>) =>
    all.map((operation, at) => operationOf(operation, `body.${branch}.${at}.put.valueBase64`))
  return {
    compares: compares.map((compare, at) => compareOf(compare, `body.compares.${at}.valueBase64`)),
    then: operations('then', then),
    otherwise: operations('otherwise', otherwise),
  }
}

function compareOf(
  compare: NonNullable<TxnBody['compares']>[number],
  valueField: string,
): TxnCompare {
  if (!('valueBase64' in compare)) return compare
  return { key: compare.key, value: bytesOf(compare.valueBase64, valueField) }
}

function operationOf(
  operation: NonNullable<TxnBody['then']>[number],
  valueField: string,
): TxnOperation {
  if (!('put' in operation)) return operation
  const { key, valueBase64, lease } = operation.put
  const value = bytesOf(valueBase64, valueField)
  return { put: { key, value, ...(lease !== undefined && { lease }) } }
}

function presentResult(result: TxnResult): TxnAnswer['results'][number] {
  if (!('get' in result)) return result
  if (!result.get) return { get: null }
  const { value, modRevision } = result.get
  return { get: { valueBase64: base64Of(value), modRevision } }
}
