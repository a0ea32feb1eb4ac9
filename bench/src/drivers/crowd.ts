/**
 * Driver: a great many instances that register, are renewed in bulk from then on, and of which
 * one changes every second, so that there is always something to write to disk.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { pathOf, registrationOf } from '../instances/workload.ts'
import { Connection, mustSucceed } from './connection.ts'
import { input, listen, report, told } from './conversation.ts'
import { fill, type Filling } from './filling.ts'
import { Renewals, type Renewing } from './renewing.ts'

const CHANGE_EVERY_MS = 1_000

const crowd = input() as Filling & Renewing
const stopping = new AbortController()
const renewals = new Renewals(crowd)

listen()
const renewing = renewals.run(stopping.signal)
const seconds = await fill(crowd, (confirmed) => {
  renewals.cover(confirmed)
})
report('filled', { seconds })
await told('measure')
renewals.report()
const changing = changeNowAndThen()
await told('stop')
report('renewals', renewals.report())
stopping.abort()
await Promise.all([renewing, changing])
process.exit(0)

async function changeNowAndThen(): Promise<void> {
  const connection = new Connection(crowd.url)
  for (let n = 0; await systemClock.sleep(CHANGE_EVERY_MS, stopping.signal); n += 1) {
    const body = registrationOf(crowd.workload, n).replace('"1.4.2"', '"1.4.3"')
    await mustSucceed(connection, 'PUT', pathOf(crowd.workload, n), body)
  }
  connection.close()
}
