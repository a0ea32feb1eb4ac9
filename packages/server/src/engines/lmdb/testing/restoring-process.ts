/**
 * A process that puts new content in place of the old and kills itself on the way: in the middle
 * of the writing, so many turns of the event loop after the last page, or when it is done.
 *
 * @module
 */

import { silentLog, start, systemClock, systemRandom } from '@rollcall/runtime'
import type { Restorable } from '../../../catalog/engine.ts'
import { openLmdbEngine } from '../index.ts'

const PAGE = 1_000
const [, , folder = '', keys = '0', when = ''] = process.argv

const engine = await openLmdbEngine({
  folder,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
})
start(engine)
await engine.restore(source(Number(keys)), new AbortController().signal)
if (when === 'done') die()
// Whoever is to die some turns later is given them.
await new Promise(() => {})

function source(count: number): Restorable {
  return {
    revision: 1,
    leases: [{ id: 9, ttlMs: 60_000 }],
    async *pages() {
      for (let from = 0; from < count; from += PAGE) {
        if (when === 'halfway' && from >= count / 2) die()
        yield await Promise.resolve(
          Array.from({ length: PAGE }, (_, at) => ({
            key: `k/${String(from + at).padStart(6, '0')}`,
            value: Buffer.from('new'),
            lease: at === 0 ? 9 : 0,
          })),
        )
      }
      if (when !== 'done') dieAfter(Number(when))
    },
  }
}

function dieAfter(turns: number): void {
  if (turns <= 0) die()
  else {
    systemClock.after(0, () => {
      dieAfter(turns - 1)
    })
  }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}
