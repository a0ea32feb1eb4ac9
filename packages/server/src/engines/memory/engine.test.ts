import { seededRandom, silentLog } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { runEngineContract } from '../../testing/engine-contract.ts'
import { createMemoryEngine } from './index.ts'

runEngineContract({
  name: 'memory',
  keeps: false,
  leasesRest: true,
  lateMs: 0,
  home: async () => {
    const clock = new FakeClock()
    return await Promise.resolve({
      open: async () =>
        await Promise.resolve(
          createMemoryEngine({ clock, random: seededRandom(1), log: silentLog }),
        ),
      elapse: (ms: number) => clock.advance(ms),
    })
  },
})
