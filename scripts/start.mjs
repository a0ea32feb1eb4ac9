// @ts-check
/**
 * `npm start`: a registry on this machine, and an agent that registers what runs here.
 *
 * What follows `npm start --` are options of `rollcall server`. Ctrl-C stops both.
 *
 * @module
 */
import { stopRequests } from './child.mjs'
import { StepFailure } from './run-step.mjs'
import { runServerAndAgent } from './server-and-agent.mjs'
import { setUp } from './setup.mjs'
import { readStartOptions } from './start-options.mjs'

const COMMAND = 'packages/cli/bin/rollcall.js'
/** What the first line of the command tells Node. */
const NODE_ARGS = ['--no-memory-reducer', '--no-parallel-scavenge']

process.exitCode = await start()

async function start() {
  const { serverArgs, serverEnv, agentEnv } = readStartOptions(process.argv.slice(2), process.env)
  try {
    setUp()
  } catch (error) {
    if (error instanceof StepFailure) return 1
    throw error
  }
  return runServerAndAgent({
    server: { args: [...NODE_ARGS, COMMAND, 'server', ...serverArgs], env: serverEnv },
    agent: (url) => ({ args: [COMMAND, 'agent', '--server', url], env: agentEnv }),
    stop: stopRequests(),
  })
}
