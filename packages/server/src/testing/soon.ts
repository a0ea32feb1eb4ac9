/**
 * Waiting for what is on its way already.
 *
 * @module
 */

import { until } from '@rollcall/runtime/testing'

/** Waits in real time for what sockets and promises bring about at once. */
export async function soon(what: string, isSo: () => boolean): Promise<void> {
  await until(what, () => (isSo() ? true : undefined), { withinMs: 5_000, everyMs: 1 })
}
