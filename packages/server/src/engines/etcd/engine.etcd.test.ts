import { silentLog, systemClock, systemRandom } from '@rollcall/runtime'
import { afterAll, beforeAll } from 'vitest'
import { runEngineContract } from '../../testing/engine-contract.ts'
import { ETCD_VERSIONS, EtcdMembers, type EtcdRelease } from '../../testing/etcd-members.ts'
import { openEtcdEngine } from './index.ts'

/** Such as `bookworm:3`; the whole matrix is that of `npm run soak -- etcd`. */
const [release = 'trixie', members = '1'] = (process.env['ETCD_UNDER_TEST'] ?? '')
  .split(':')
  .filter(Boolean)
const never = new AbortController().signal
let etcd: EtcdMembers | undefined
let homes = 0

beforeAll(async () => {
  etcd = await EtcdMembers.start({ release: release as EtcdRelease, members: Number(members) })
})

afterAll(async () => {
  await etcd?.[Symbol.asyncDispose]()
})

runEngineContract({
  name: `etcd ${ETCD_VERSIONS[release as EtcdRelease]} of ${members}`,
  keeps: true,
  leasesRest: false,
  lateMs: 1_500,
  home: async () => {
    homes += 1
    const prefix = `/test/${homes}`
    const options = { prefix, node: 'n1', clock: systemClock, random: systemRandom, log: silentLog }
    const access = { endpoints: etcd?.endpoints ?? [] }
    return await Promise.resolve({
      open: () => openEtcdEngine({ ...options, access }),
      elapse: async (ms: number) => {
        await systemClock.sleep(ms, never)
      },
    })
  },
})
