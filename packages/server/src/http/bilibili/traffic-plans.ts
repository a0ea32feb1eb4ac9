/**
 * Traffic plans: for each app, which share of a zone's calls goes to which zone. The
 * registry hands them to the clients, which do the weighing.
 *
 * @module
 */

import { isName } from '@rollcall/protocol'
import { serviceKeyText, type ServiceKey } from '../../model/instance-key.ts'

/** One plan as clients get it. */
export interface TrafficPlan {
  readonly key: ServiceKey
  /** JSON of `{"clients":{zone:{"zones":{zone:{"weight":n}}}}}`. */
  readonly json: string
}

export type PlanListener = (key: ServiceKey) => void

export class TrafficPlans {
  #plans: ReadonlyMap<string, TrafficPlan> = new Map()
  readonly #listeners = new Set<PlanListener>()

  /** JSON of an app's plan, where it has one. */
  get(key: ServiceKey): string | undefined {
    return this.#plans.get(serviceKeyText(key))?.json
  }

  /** Calls `listener` for each app whose plan comes, goes or changes; who subscribed first hears it first. */
  subscribe(listener: PlanListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Puts these plans in the place of all that were. Answers how many apps that concerned. */
  replace(plans: readonly TrafficPlan[]): number {
    const before = this.#plans
    const after = new Map(plans.map((plan) => [serviceKeyText(plan.key), plan]))
    this.#plans = after
    const concerned = [...new Map([...before, ...after])].filter(
      ([text]) => before.get(text)?.json !== after.get(text)?.json,
    )
    for (const [, { key }] of concerned) {
      // Over a copy: who hears of it may leave, and others come.
      for (const listener of Array.from(this.#listeners)) {
        if (this.#listeners.has(listener)) listener(key)
      }
    }
    return concerned.length
  }
}

/**
 * Reads plans from the text of a file: one, or a list of them, each `{appid, env, clients}`
 * (`app_id` as in the original's own files will do). Throws an `Error` that says what is wrong.
 */
export function parsePlans(text: string): readonly TrafficPlan[] {
  const value: unknown = JSON.parse(text)
  const plans = (Array.isArray(value) ? value : [value]).map(parsePlan)
  const texts = new Set(plans.map(({ key }) => serviceKeyText(key)))
  if (texts.size < plans.length) throw new Error('an app has two plans in one env')
  return plans
}

function parsePlan(value: unknown, at: number): TrafficPlan {
  const where = `plan ${at}`
  const { appid, app_id: appId, env, clients } = objectIn(value, where)
  const key = {
    env: nameIn(env, `${where}.env`),
    service: nameIn(appid ?? appId, `${where}.appid`),
  }
  const zones = mapObject(clients, `${where}.clients`, parseZones)
  return { key, json: JSON.stringify({ clients: zones }) }
}

function parseZones(value: unknown, where: string): object {
  const { zones } = objectIn(value, where)
  return { zones: mapObject(zones, `${where}.zones`, parseWeight) }
}

function parseWeight(value: unknown, where: string): object {
  const { weight } = objectIn(value, where)
  if (typeof weight === 'number' && Number.isSafeInteger(weight) && weight >= 0) return { weight }
  throw new Error(`${where}.weight is not a whole number of 0 or more`)
}

function mapObject(
  value: unknown,
  where: string,
  parse: (part: unknown, where: string) => object,
): object {
  const parts = Object.entries(objectIn(value, where))
  return Object.fromEntries(
    parts.map(([zone, part]) => [nameIn(zone, where), parse(part, `${where}.${zone}`)]),
  )
}

function objectIn(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw new Error(`${where} is not an object`)
}

function nameIn(value: unknown, where: string): string {
  if (typeof value === 'string' && isName(value)) return value
  throw new Error(`${where} is not a name`)
}
