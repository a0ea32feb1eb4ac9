/**
 * The whole agent: waits for a registry, registers this machine and its services, tells
 * people about it, and withdraws everything when it is stopped.
 *
 * @module
 */

import { Registrar, RollcallClient } from '@rollcall/client'
import {
  Backoff,
  silentLog,
  systemClock,
  systemRandom,
  together,
  type Clock,
  type Logger,
  type Random,
} from '@rollcall/runtime'
import { Announcer } from './announcer.ts'
import { SelfRegistration } from './self-registration.ts'
import { machineSurveyor } from './surveyor.ts'

export interface AgentOptions {
  /** Registry nodes, such as `http://127.0.0.1:7070`; at least one. */
  readonly servers: readonly string[]
  readonly token?: string | undefined
  /** Where everything is registered; by default the env and zone of the node. */
  readonly env?: string | undefined
  readonly zone?: string | undefined
  /** Stops the agent. */
  readonly signal: AbortSignal
  /** Shows one line to whoever started the agent. */
  readonly print: (line: string) => void
  readonly log?: Logger
  readonly clock?: Clock
  readonly random?: Random
  /** In place of the system's own name; it is the id of the machine. */
  readonly hostname?: string | undefined
}

type Context = Required<Pick<AgentOptions, 'log' | 'clock' | 'random'>> & AgentOptions

const READY_RETRY_FIRST_MS = 100
const READY_RETRY_MAX_MS = 2_000

/** A registry that starts beside the agent needs a moment; only then is waiting worth a line. */
const SILENT_WAIT_MS = 3_000

/**
 * Runs the agent until `signal` aborts, then cancels what it registered (3 s at most) and
 * resolves. Servers that cannot be reached are tried for ever. Prints what it found and where
 * to look once the registry has confirmed the first registration, later what came and went.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const context: Context = {
    ...options,
    log: options.log ?? silentLog,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  }
  const { servers, token, env, zone, signal, log, clock, random, hostname } = context
  await using client = new RollcallClient({
    servers,
    log,
    clock,
    random,
    ...(token !== undefined && { token }),
    ...(env !== undefined && { env }),
    ...(zone !== undefined && { zone }),
  })
  if (!(await untilReady(client, context))) return
  const breathe = async () => {
    await clock.sleep(0, signal)
  }
  const announcer = new Announcer({ print: options.print, log, lookAt: servers[0] ?? '' })
  const registrar: Registrar = new Registrar({
    client,
    log,
    clock,
    random,
    onLost: (registration, error) => {
      self.lost(registration, error)
      announcer.lost(registration, error)
    },
  })
  const self: SelfRegistration = new SelfRegistration({
    registrar,
    survey: machineSurveyor({ breathe, hostname }),
    clock,
    random,
    log,
    onChanges: (changes) => {
      announcer.changes(changes, registrar)
    },
  })
  await together(registrar, self).run(signal)
}

/** Says false when the agent was stopped before any server was ready. */
async function untilReady(client: RollcallClient, context: Context): Promise<boolean> {
  const { clock, random, signal, print, servers } = context
  const backoff = new Backoff({ firstMs: READY_RETRY_FIRST_MS, maxMs: READY_RETRY_MAX_MS, random })
  const sinceMs = clock.monotonicMs()
  let isTold = false
  // A server that takes the question and never answers must not hold up the end.
  const breakOff = () => {
    void client.close()
  }
  signal.addEventListener('abort', breakOff, { once: true })
  try {
    while (!signal.aborted) {
      if (await client.ready()) return true
      if (!isTold && clock.monotonicMs() - sinceMs >= SILENT_WAIT_MS) {
        print(`Waiting for a registry to be ready at ${servers.join(', ')}.`)
        isTold = true
      }
      await clock.sleep(backoff.nextMs(), signal)
    }
    return false
  } finally {
    signal.removeEventListener('abort', breakOff)
  }
}
