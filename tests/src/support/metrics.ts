/**
 * What a node counts, read from `/metrics`.
 *
 * @module
 */

import { until } from '@rollcall/runtime/testing'
import { call } from './http.ts'

/** Reads one metric without labels; undefined when the node has no such thing. */
export async function metric(base: string, name: string): Promise<number | undefined> {
  const { text } = await call(`${base}/metrics`)
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
  return value === undefined ? undefined : Number(value)
}

/** Waits until a metric without labels has a value. */
export async function untilMetric(base: string, name: string, value: number): Promise<void> {
  const reached = async () => (await metric(base, name)) === value || undefined
  await until(`${name} is ${value}`, reached, { withinMs: 10_000 })
}
