/**
 * Puts at our node by what Node has for HTTP.
 *
 * @module
 */

import { kvPath } from '../catalog/workload.ts'
import type { Put } from './writers.ts'

/** Connects with the first puts. */
export function ourPuts(url: string): Put {
  return async (key, value) => {
    const answer = await fetch(`${url}${kvPath(key)}`, { method: 'PUT', body: value })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`A put was answered with ${answer.status}: ${text}`)
  }
}
