/**
 * Puts at our node by the SDK.
 *
 * @module
 */

import { RollcallClient } from '@rollcall/client'
import type { Put } from './writers.ts'

/** Connects with the first puts. */
export function ourPuts(url: string): Put {
  const { kv } = new RollcallClient({ servers: [url] })
  return async (key, value) => {
    await kv.put(key, value)
  }
}
