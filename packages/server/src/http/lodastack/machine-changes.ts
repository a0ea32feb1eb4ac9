/**
 * What a report changes in the tree: an agent notices that its machine has another name, or other
 * addresses, and tells the old and the new ones until it is answered with 200.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'
import type { Machines, Properties } from '../../catalog/index.ts'
import { isSameMachine, type Report } from './report.ts'

/** Does what a report says has changed. Rejects with `resource_not_found` for a machine that is nowhere. */
export async function changeMachine(
  machines: Machines,
  { oldHostname, newHostname, oldIps, newIps, sn }: Report,
): Promise<void> {
  const properties: Properties = {
    ...(hasNewAddresses(oldIps, newIps) && { ip: newIps.join(',') }),
  }
  if (oldHostname === newHostname && Object.keys(properties).length === 0) return
  const rows = machines.find(oldHostname)
  if (rows.length === 0) {
    // The answer to an earlier try of the same report may have been lost.
    if (oldHostname !== newHostname && machines.find(newHostname).length > 0) return
    const message = `machine not found: no namespace has a machine "${oldHostname}".`
    throw new RegistryError('resource_not_found', message, { details: { hostname: oldHostname } })
  }
  // Another machine has this name: nothing of it is changed, and nothing is wrong.
  if (!rows.some((row) => isSameMachine(row.properties, sn))) return
  await machines.rename(oldHostname, {
    hostname: newHostname,
    properties,
    ...(sn !== '' && { sn }),
  })
}

/** An agent that does not know its addresses has none to tell. */
function hasNewAddresses(oldIps: readonly string[], newIps: readonly string[]): boolean {
  return oldIps.length > 0 && newIps.length > 0 && oldIps.join() !== newIps.join()
}
