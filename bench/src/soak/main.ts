/**
 * `npm run soak`: nodes under load for a long time, and whether they leak or lose anything.
 *
 * @module
 */

import { exitClean } from '../tools/clean-exit.ts'
import { soakCatalog } from './catalog/soak.ts'
import { soakCluster } from './cluster.ts'
import { soakEtcd } from './etcd.ts'
import { soakInstances } from './instances.ts'
import { parseOptions, USAGE, type Options, type Suite } from './options.ts'
import { soakPressure } from './pressure.ts'

type Soak = (options: Options, note: (line: string) => void) => Promise<boolean>

const SOAKS: Readonly<Record<Suite, Soak>> = {
  instances: soakInstances,
  pressure: soakPressure,
  cluster: soakCluster,
  catalog: soakCatalog,
  etcd: soakEtcd,
}

exitClean()
process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (!options) return 2
  const note = (line: string) => {
    console.log(`… ${line}`)
  }
  const passed = await SOAKS[options.suite](options, note)
  console.log(passed ? 'passed' : 'FAILED')
  return passed ? 0 : 1
}

function readOptions(): Options | undefined {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return undefined
  }
}
