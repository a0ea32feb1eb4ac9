/**
 * A process that commits as fast as it can and says what was answered, until it is killed. Each
 * writer counts: with every number it puts two keys that must never differ, and one for the
 * number itself.
 *
 * @module
 */

import { writeSync } from 'node:fs'
import { silentLog, start, systemClock, systemRandom } from '@rollcall/runtime'
import { openLmdbEngine } from '../index.ts'

const WRITERS = 8
const [, , folder = ''] = process.argv

const engine = await openLmdbEngine({
  folder,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
})
start(engine)
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => count(writer)))

async function count(writer: number): Promise<void> {
  const left = `left/${writer}`
  const { entries } = await engine.range({ prefix: left, limit: 1 })
  let number = Number(Buffer.from(entries[0]?.value ?? []).toString() || '0')
  for (;;) {
    number += 1
    const value = Buffer.from(String(number))
    const { succeeded, revision } = await engine.commit({
      compares: [{ kind: 'exists', key: `n/${writer}/${number}`, exists: false }],
      then: [
        { kind: 'put', key: left, value },
        { kind: 'put', key: `n/${writer}/${number}`, value: Buffer.alloc(300) },
        { kind: 'put', key: `right/${writer}`, value },
      ],
    })
    // Written at once and whole, so that what was said before the kill can be read after it.
    writeSync(1, `${writer} ${number} ${revision} ${succeeded}\n`)
  }
}
