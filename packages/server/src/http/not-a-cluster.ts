/**
 * What whoever wants to change the members of the catalog is told where there are none to change.
 *
 * @module
 */

import type { RegistryError } from '@rollcall/protocol'
import type { Catalog } from '../catalog/index.ts'
import { refusal } from './problem.ts'

/** Of an engine of one machine, and of an etcd that exists. */
export function notACluster(catalog: Pick<Catalog, 'status'>): RegistryError {
  const { engine } = catalog.status()
  const message =
    engine === 'etcd'
      ? 'The catalog of this node is in an etcd that others run; change its members there.'
      : `The catalog of this node is on one machine (engine ${engine}); it has no other members, and can get none.`
  return refusal('not_a_cluster', message, { engine })
}
