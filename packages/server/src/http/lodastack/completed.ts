/**
 * What this protocol adds to resources of the types that it knows: what goes in is completed, and
 * what goes out has with it what is told and not kept.
 *
 * @module
 */

import {
  MACHINE,
  type Namespaces,
  type Properties,
  type Resource,
  type ResourcePlace,
} from '../../catalog/index.ts'
import { ALARM, asAlarm, asAlarmTemplate, asAlarmUpdate, shownAlarm } from './alarms.ts'
import { asCollect, COLLECT } from './collect-names.ts'
import { nsOf } from './ns.ts'
import { asMachine, rowOf, updateOf } from './rows.ts'

type Kind = Pick<ResourcePlace, 'type' | 'template'>

/** A resource that is added. Throws `invalid_argument`. */
export function added({ type, template }: Kind, given: Properties): Properties {
  if (type === ALARM) return template === true ? asAlarmTemplate(given) : asAlarm(given)
  if (template === true) return given
  if (type === MACHINE) return asMachine(given)
  return type === COLLECT ? asCollect(given) : given
}

/** One of those that replace all. Throws `invalid_argument`. */
export function replacing(kind: Kind, given: Properties): Properties {
  return kind.type === ALARM ? added(kind, given) : given
}

/** What is to change in a resource. Throws `invalid_argument`, also for nothing. */
export function updating({ type, template }: Kind, update: Properties): Properties {
  if (type !== ALARM) return updateOf(update)
  return updateOf(template === true ? asAlarmTemplate(update) : asAlarmUpdate(update))
}

/** A resource as it goes out. */
export function shown(
  { template }: Pick<Kind, 'template'>,
  resource: Resource,
  namespaces: Pick<Namespaces, 'rootName'>,
): Properties {
  const row = rowOf(resource)
  if (resource.type !== ALARM || template === true) return row
  return shownAlarm(row, nsOf(resource.ns, namespaces))
}
