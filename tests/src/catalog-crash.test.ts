/**
 * The catalog of a node that is killed under load, at any moment: what was promised is there.
 *
 * @module
 */

import { systemClock, systemRandom } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { runCrashRounds } from './support/catalog-crash/rounds.ts'
import { complaintsIn } from './support/complaints.ts'
import { startCli } from './support/run-cli.ts'
import { startServer } from './support/spawn-server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const ROUNDS = 10
const SEED = Number(process.env['SEED'] ?? Math.floor(systemRandom() * 2 ** 31))

test(`whatever the catalog confirmed survives a death at any moment, whole (SEED=${SEED})`, async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  const report = await runCrashRounds({
    seed: SEED,
    rounds: ROUNDS,
    start: async () => {
      const server = await startServer({ data })
      const { url } = server
      return {
        url,
        kill9: () => server.kill9(),
        complaints: () => complaintsIn(server.stderr),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      }
    },
    startAndKill: async (afterMs) => {
      await using child = startCli(['server', '--http', '127.0.0.1:0', '--data', data])
      await systemClock.sleep(afterMs, new AbortController().signal)
      await child.kill9()
    },
  })
  expect({ seed: SEED, problems: report.problems }).toEqual({ seed: SEED, problems: [] })
  expect(report.confirmed).toBeGreaterThan(ROUNDS)
}, 180_000)
