/**
 * `rollcall lease run`: a command that runs while a lease lives, and no longer.
 *
 * @module
 */

import type { Command } from 'commander'
import type { LeaseKeeper, RollcallClient } from '@rollcall/client'
import { invalidArgument, type RegistryError } from '@rollcall/protocol'
import { start, systemClock } from '@rollcall/runtime'
import { exitCodeOfSignal, startChild, type Child } from '../child-process.ts'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { parseDuration } from '../durations.ts'
import { present } from '../present.ts'

interface Flags extends ClientFlags {
  readonly ttl: number
  readonly name?: string
  readonly put?: readonly Pair[]
  readonly grace?: number
}

interface Pair {
  readonly key: string
  readonly value: string
}

const HELP = `
COMMAND finds the id of the lease in ROLLCALL_LEASE. Signals are passed on to it. When the
lease is lost it gets SIGTERM, and SIGKILL after --grace: by default when the ttl is over,
since then another may hold what the lease stood for.

The exit code is that of COMMAND (127: there is no such command; 128 and the number of the
signal that ended it), and 1 when the lease was lost.`

/** Adds the command. */
export function addLeaseRun(lease: Command, context: CommandContext): void {
  const command = lease
    .command('run')
    .description('run a command while a lease lives; revoke it at the end')
    .argument('<command...>', 'after --, with its arguments')
    .requiredOption('--ttl <DURATION>', 'how long the lease lives without a sign of life', (text) =>
      parseDuration(text, '--ttl'),
    )
    .option('--name <NAME>', 'by which the lease is found')
    .option('--put <KEY=VALUE>', 'a key that ends with the lease; may be repeated', collectPair)
    .option(
      '--grace <DURATION>',
      'how long COMMAND may take to end when the lease is lost',
      (text) => parseDuration(text, '--grace'),
    )
    .passThroughOptions()
    .addHelpText('after', HELP)
  withClientOptions(command).action(async (words: readonly string[], flags: Flags) => {
    context.exitWith(await runWithLease(words, flags, context))
  })
}

async function runWithLease(
  words: readonly string[],
  flags: Flags,
  context: CommandContext,
): Promise<number> {
  await using connection = await connect(flags, context)
  const { client, log } = connection
  const relay = new Relay()
  using _relaying = context.relaySignals((name) => {
    relay.pass(name)
  })
  const { LeaseKeeper: Keeper } = await import('@rollcall/client')
  const request = { ttlMs: flags.ttl, ...present({ name: flags.name }) }
  const keeper = await Keeper.grant(request, { client, log })
  await using running = start(keeper)
  await putAll(client, keeper, flags.put ?? [])
  if (relay.early !== undefined) return exitCodeOfSignal(relay.early)
  const env = { ...context.env, ROLLCALL_LEASE: String(keeper.id) }
  const child = startChild(words, { env, onRefused: context.io.err })
  relay.child = child
  const code = await endedBy(child, running.ended, flags.grace ?? keeper.marginMs)
  if (keeper.lost.aborted) throw keeper.lost.reason as RegistryError
  return code
}

/** Where signals go: to the child, once there is one. */
class Relay {
  child: Child | undefined
  /** The one that came before the child was started. */
  early: NodeJS.Signals | undefined

  pass(name: NodeJS.Signals): void {
    if (this.child) this.child.signal(name)
    else this.early ??= name
  }
}

async function putAll(
  client: RollcallClient,
  { id }: LeaseKeeper,
  pairs: readonly Pair[],
): Promise<void> {
  if (pairs.length === 0) return
  await client.txn({ then: pairs.map((pair) => ({ put: { ...pair, lease: id } })) })
}

/** Waits for the child, and ends it when nobody keeps the lease any more. Answers its exit code. */
async function endedBy(child: Child, kept: Promise<void>, graceMs: number): Promise<number> {
  let cancelKill: (() => void) | undefined
  let hasEnded = false
  const stop = () => {
    if (hasEnded) return
    child.signal('SIGTERM')
    cancelKill = systemClock.after(graceMs, () => {
      child.signal('SIGKILL')
    })
  }
  // It fails only by a bug, which whoever disposes it hears of.
  kept.then(stop, stop)
  const code = await child.ended
  hasEnded = true
  cancelKill?.()
  return code
}

function collectPair(text: string, before: readonly Pair[] = []): readonly Pair[] {
  const at = text.indexOf('=')
  if (at < 1) throw invalidArgument(`--put must be KEY=VALUE, not "${text}".`)
  return [...before, { key: text.slice(0, at), value: text.slice(at + 1) }]
}
