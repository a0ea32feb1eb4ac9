/**
 * The options that all client commands share: which registry, as whom, where, how shown.
 *
 * @module
 */

import type { Command } from 'commander'
import type { RollcallClient } from '@rollcall/client'
import { invalidArgument } from '@rollcall/protocol'
import type { Logger } from '@rollcall/runtime'
import type { Context, Environment } from './context.ts'
import { parseDuration } from './durations.ts'
import { lineLog } from './line-log.ts'
import { present } from './present.ts'

const DEFAULT_SERVER = 'http://127.0.0.1:7070'
const GROUP = 'Registry options:'

/** Which registry, and as whom. */
export interface RegistryFlags {
  readonly server?: string
  readonly token?: string
  readonly env?: string
  readonly zone?: string
}

/** All that a client command takes besides its own options. */
export interface ClientFlags extends RegistryFlags {
  readonly json?: true
  readonly timeout?: number
}

/** What the flags and the environment come to; flags win. */
export interface RegistrySettings {
  readonly servers: readonly string[]
  readonly token: string | undefined
  readonly env: string | undefined
  readonly zone: string | undefined
}

/** A client, and how the command shall show what it finds. */
export interface Connection extends AsyncDisposable {
  readonly client: RollcallClient
  readonly json: boolean
  readonly log: Logger
}

/** Adds the options that say which registry. */
export function withRegistryOptions(command: Command): Command {
  return command
    .optionsGroup(GROUP)
    .option(
      '--server <URL,…>',
      `registry nodes, tried in turn (env: ROLLCALL_SERVER, default: ${DEFAULT_SERVER})`,
    )
    .option('--token <SECRET>', 'shown to the registry (env: ROLLCALL_TOKEN)')
    .option('--env <ENV>', "environment; default: the node's (env: ROLLCALL_ENV)")
    .option('--zone <ZONE>', "zone; default: the node's, or all in lists (env: ROLLCALL_ZONE)")
}

/** Adds the options that all client commands share. */
export function withClientOptions(command: Command): Command {
  return withRegistryOptions(command)
    .option('--json', 'print JSON (env: ROLLCALL_JSON)')
    .option(
      '--timeout <DURATION>',
      'how long one answer may take, such as 10s (env: ROLLCALL_TIMEOUT, default: 10s)',
      (text) => parseTimeout(text, '--timeout'),
    )
}

/** Settles what the flags leave open by the environment, then by the defaults. */
export function registrySettings(flags: RegistryFlags, env: Environment): RegistrySettings {
  const server = flags.server ?? setIn(env, 'ROLLCALL_SERVER') ?? DEFAULT_SERVER
  return {
    servers: server
      .split(',')
      .map((url) => url.trim())
      .filter((url) => url !== ''),
    token: flags.token ?? setIn(env, 'ROLLCALL_TOKEN'),
    env: flags.env ?? setIn(env, 'ROLLCALL_ENV'),
    zone: flags.zone ?? setIn(env, 'ROLLCALL_ZONE'),
  }
}

/**
 * Makes the client of one command; it connects at its first call. The SDK is loaded only
 * now: a node that starts has no use for it, and would wait for it.
 */
export async function connect(flags: ClientFlags, { io, env }: Context): Promise<Connection> {
  const { servers, ...who } = registrySettings(flags, env)
  const json = flags.json ?? wantsJson(env)
  const log = lineLog(io, { json })
  const timeout = setIn(env, 'ROLLCALL_TIMEOUT')
  const timeoutMs =
    flags.timeout ?? (timeout === undefined ? undefined : parseTimeout(timeout, 'ROLLCALL_TIMEOUT'))
  const { RollcallClient } = await import('@rollcall/client')
  const client = new RollcallClient({ servers, log, ...present({ ...who, timeoutMs }) })
  return { client, json, log, [Symbol.asyncDispose]: () => client.close() }
}

/** Says whether the environment asks for JSON. */
export function wantsJson(env: Environment): boolean {
  return ['1', 'true'].includes(env['ROLLCALL_JSON'] ?? '')
}

function parseTimeout(text: string, what: string): number {
  const timeoutMs = parseDuration(text, what)
  if (timeoutMs === 0) throw invalidArgument(`${what} must be longer than nothing.`)
  return timeoutMs
}

/** A variable that is empty is as good as none. */
function setIn(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name]
}
