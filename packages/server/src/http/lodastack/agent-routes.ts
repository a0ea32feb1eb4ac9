/**
 * `/agent`: what agents ask and tell, and what is known of them.
 *
 * @module
 */

import { invalidArgument, RegistryError } from '@rollcall/protocol'
import type { FastifyInstance } from 'fastify'
import type { ResourceCatalog } from '../../catalog/index.ts'
import { Fields } from '../form-fields.ts'
import { sendData, sendDone, sendPieces } from './answers.ts'
import { Body, propertiesOf } from './bodies.ts'
import { changeMachine } from './machine-changes.ts'
import { nsOf, pathOf } from './ns.ts'
import { readReport, tellsOfChange } from './report.ts'
import type { ReportJson, Reports } from './reports.ts'
import { asMachine, hostnameOf, resourceOf } from './rows.ts'

export interface AgentRoutesOptions {
  readonly catalog: ResourceCatalog
  readonly reports: Reports
}

const schema = { hide: true }

/** Adds what agents tell; bodies are JSON. */
export function addAgentWrites(
  api: FastifyInstance,
  { catalog, reports }: AgentRoutesOptions,
): void {
  const { machines, namespaces } = catalog

  api.post('/agent/ns', { schema }, async ({ body }, reply) => {
    const machine = propertiesOf('body', body ?? {})
    const hostname = hostnameOf(machine)
    const { properties: given } = resourceOf(machine)
    const { places } = await machines.register(hostname, asMachine(withIp(given)))
    reports.heard(hostname)
    const ids = Array.from(places, ([path, id]) => [nsOf(path, namespaces), id] as const)
    return sendData(reply, Object.fromEntries(ids))
  })

  api.route({
    // Its documentation says PUT, and its code POST.
    method: ['POST', 'PUT'],
    url: '/agent/report',
    schema,
    handler: async ({ body }, reply) => {
      const report = readReport(new Body(body))
      if (tellsOfChange(report)) await changeMachine(machines, report)
      reports.keep(report)
      return sendDone(reply)
    },
  })
}

/** Adds what is known of agents. */
export function addAgentReads(
  api: FastifyInstance,
  { catalog, reports }: AgentRoutesOptions,
): void {
  api.get('/agents', { schema }, (_request, reply) => sendPieces(reply, objectOf(reports.all())))

  api.get('/agent', { schema }, (request, reply) => {
    const fields = new Fields(request)
    const [ip, ns] = [fields.text('ip'), fields.text('ns')]
    if (ip !== '') return sendData(reply, newestAt(reports, ip))
    if (ns === '') throw invalidArgument('ip or ns is missing.', { field: 'ip' })
    const { path } = catalog.namespaces.get(pathOf(ns, catalog.namespaces))
    const isThere = ([hostname]: readonly [string, unknown]) =>
      catalog.machines.find(hostname).some((row) => isAtOrBelow(row.ns, path))
    return sendPieces(reply, objectOf(filtered(reports.all(), isThere)))
  })
}

/** The code has `ip`, the documentation `ips`. */
function withIp({ ips, ...properties }: Readonly<Record<string, string>>) {
  return ips === undefined || properties['ip'] !== undefined
    ? properties
    : { ...properties, ip: ips }
}

function newestAt(reports: Reports, ip: string): ReportJson {
  let newest: ReportJson | undefined
  for (const [, report] of reports.all()) {
    if (!report.newiplist.includes(ip)) continue
    if (!newest || report.utime > newest.utime) newest = report
  }
  if (newest) return newest
  throw new RegistryError('instance_not_found', `No agent has reported the address "${ip}".`)
}

function isAtOrBelow(path: string, above: string): boolean {
  return above === '' || path === above || path.startsWith(`${above}/`)
}

function* filtered<T>(items: Iterable<T>, isWanted: (item: T) => boolean): Iterable<T> {
  for (const item of items) if (isWanted(item)) yield item
}

function* objectOf(entries: Iterable<readonly [string, unknown]>): Iterable<string> {
  let separator = '{'
  for (const [name, value] of entries) {
    yield `${separator}${JSON.stringify(name)}:${JSON.stringify(value)}`
    separator = ','
  }
  yield separator === '{' ? '{}' : '}'
}
