/**
 * What agents report of themselves, kept as instances of `infra.machine`: so every node of the
 * registry knows the same reports, and who asks natively sees which machines are there.
 *
 * @module
 */

import { hasCode, isName, MACHINE_SERVICE } from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { ResourceCatalog } from '../../catalog/index.ts'
import type { InstancePlane, ShownInstance } from '../../instances/index.ts'
import type { InstanceKey } from '../../model/instance-key.ts'
import { nsOf } from './ns.ts'
import { isSameMachine, type Report } from './report.ts'

/** By it an instance is known as one that a report has made. */
const TAG = 'lodastack'
const SEPARATOR = ','
/** Of old and new addresses each an instance has room for so much; the tree is told of all. */
const IPS_CHARACTERS = 1_500

export interface ReportsOptions {
  readonly instances: InstancePlane
  readonly catalog: Pick<ResourceCatalog, 'machines' | 'namespaces'>
  readonly clock: Pick<Clock, 'wallMs'>
  /** For how long a machine is there after a report. */
  readonly reportTtlMs: number
}

export class Reports {
  readonly #options: ReportsOptions

  constructor(options: ReportsOptions) {
    this.#options = options
  }

  /** Takes a report for a sign of life. Throws `limit_exceeded`. */
  keep(report: Report): void {
    const { instances, reportTtlMs } = this.#options
    const ref = this.#keyOf(report.newHostname)
    const known = this.#find(ref)
    const metadata = this.#metadataOf(report)
    if (known && !isReport(known)) {
      // Another agent of this machine has the say, and renews for itself; so its ttl stays.
      instances.renew(ref)
      instances.set(ref, { metadata })
    } else {
      const facts = { addresses: [], hostname: report.newHostname, tags: [TAG], ttlMs: reportTtlMs }
      instances.register({ ref, facts: { ...facts, metadata } })
    }
    if (report.oldHostname !== report.newHostname) this.#drop(report)
  }

  /** Takes a call of an agent that has reported before for a sign of life. */
  heard(hostname: string): void {
    if (isName(hostname)) this.#options.instances.renewLive(this.#keyOf(hostname))
  }

  /** Every machine that is there, as its agent reported it, by hostname. */
  *all(): Iterable<readonly [string, ReportJson]> {
    const { instances } = this.#options
    const { env } = instances.place
    // The table may change while the answer is on its way.
    const newest = new Map<string, ShownInstance>()
    for (const shown of instances.snapshot({ env, service: MACHINE_SERVICE }).instances) {
      const known = newest.get(shown.id)
      if (!known || utimeOf(known) < utimeOf(shown)) newest.set(shown.id, shown)
    }
    for (const [hostname, shown] of newest) yield [hostname, this.#present(shown)]
  }

  #present(shown: ShownInstance): ReportJson {
    const { id, record } = shown
    const { machines, namespaces } = this.#options.catalog
    const { metadata } = record.content
    const text = (name: string) => metadata[name] ?? ''
    const rows = machines.find(id)
    const newiplist = listOf(metadata['ip'] ?? text('addresses'))
    return {
      uuid: rows.map((row) => row.id),
      sn: text('sn'),
      newiplist,
      oldiplist: metadata['oldip'] === undefined ? newiplist : listOf(metadata['oldip']),
      ns: rows.map(({ ns }) => nsOf(ns, namespaces)),
      version: text('version'),
      commit: text('commit'),
      branch: text('branch'),
      buildtime: text('buildtime'),
      goversion: text('goversion'),
      newhostname: id,
      oldhostname: metadata['oldhostname'] ?? '',
      agenttype: text('agenttype'),
      update: text('update') === 'true',
      utime: utimeOf(shown),
    }
  }

  #metadataOf(report: Report): Readonly<Record<string, string>> {
    const { oldHostname, newHostname, newIps, oldIps, sn, isUpdate, agent } = report
    const ip = textOf(newIps)
    const oldip = textOf(oldIps)
    return {
      ...agent,
      ...(sn !== '' && { sn }),
      ...(ip !== '' && { ip }),
      ...(oldip !== ip && { oldip }),
      ...(oldHostname !== newHostname && { oldhostname: oldHostname }),
      ...(isUpdate && { update: 'true' }),
      utime: new Date(this.#options.clock.wallMs()).toISOString(),
    }
  }

  /** Nobody is there under the old name any more, unless another machine has it. */
  #drop({ oldHostname, sn }: Report): void {
    const ref = this.#keyOf(oldHostname)
    const known = this.#find(ref)
    if (!known || !isReport(known)) return
    if (isSameMachine(known.record.content.metadata, sn)) this.#options.instances.cancel(ref)
  }

  #find(key: InstanceKey): ShownInstance | undefined {
    try {
      return this.#options.instances.instance(key).instance
    } catch (error) {
      if (hasCode(error, 'instance_not_found')) return undefined
      throw error
    }
  }

  /** A machine that somebody has put into another zone stays there. */
  #keyOf(hostname: string): InstanceKey {
    const { instances } = this.#options
    const { env, zone } = instances.place
    const ref = { env, service: MACHINE_SERVICE, id: hostname }
    try {
      return instances.resolve(ref)
    } catch (error) {
      // Others have this name in several zones; the one that is meant is more likely near.
      if (hasCode(error, 'ambiguous_zone')) return { ...ref, zone }
      throw error
    }
  }
}

/** A report as it goes out. */
export interface ReportJson {
  readonly uuid: readonly string[]
  readonly sn: string
  readonly newiplist: readonly string[]
  readonly oldiplist: readonly string[]
  readonly ns: readonly string[]
  readonly version: string
  readonly commit: string
  readonly branch: string
  readonly buildtime: string
  readonly goversion: string
  readonly newhostname: string
  readonly oldhostname: string
  readonly agenttype: string
  readonly update: boolean
  /** When it came. */
  readonly utime: string
}

function isReport({ record }: ShownInstance): boolean {
  return record.content.tags.includes(TAG)
}

/** When the machine was last reported; of one that never was, when it came. */
function utimeOf({ record }: ShownInstance): string {
  const { metadata, registeredAtMs } = record.content
  return metadata['utime'] ?? new Date(registeredAtMs).toISOString()
}

/** Those of the addresses that there is room for, first come first. */
function textOf(ips: readonly string[]): string {
  const whole = ips.join(SEPARATOR)
  if (whole.length <= IPS_CHARACTERS) return whole
  return whole.slice(0, Math.max(0, whole.lastIndexOf(SEPARATOR, IPS_CHARACTERS)))
}

function listOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(SEPARATOR)
}
