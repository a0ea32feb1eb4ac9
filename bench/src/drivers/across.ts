/**
 * Driver: writes so many registrations a second at one node, and watches for them at another. The
 * same for our nodes and for etcd.
 *
 * @module
 */

import { idOf, registrationOf, serviceOf, type Workload } from '../instances/workload.ts'
import { input } from './conversation.ts'
import { EtcdEnds } from './etcd-ends.ts'
import { markedOf } from './marks.ts'
import { OurEnds } from './our-ends.ts'
import { travel, type Journey } from './travel.ts'

export interface Across extends Journey {
  readonly who: 'ours' | 'etcd'
  readonly writeUrl: string
  readonly watchUrl: string
  readonly workload: Workload
}

const across = input() as Across
const { workload } = across
const ends =
  across.who === 'ours'
    ? new OurEnds(across)
    : new EtcdEnds({
        ...across,
        from: 'bench/',
        upTo: 'bench0',
        keyOf: (change) => `bench/${serviceOf(workload, change)}/${idOf(change)}`,
        valueOf: (change) => markedOf(registrationOf(workload, change), change),
      })
await travel(across, ends)
process.exit(0)
