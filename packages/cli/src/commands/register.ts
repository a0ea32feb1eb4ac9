/**
 * `rollcall register`: registers an instance and keeps it alive until interrupted.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Registration } from '@rollcall/client'
import {
  invalidArgument,
  type Instance,
  type InstanceStatus,
  type RegistryError,
} from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { formatDuration, parseDuration } from '../durations.ts'
import { collect, collectMetadata, statusOption } from '../filters.ts'
import { jsonLine } from '../output.ts'
import { present } from '../present.ts'

interface Flags extends ClientFlags {
  readonly address?: readonly string[]
  readonly hostname?: string
  readonly version?: string
  readonly weight?: number
  readonly tag?: readonly string[]
  readonly meta?: Readonly<Record<string, string>>
  readonly status?: InstanceStatus
  readonly ttl?: number
}

/** Adds the command. */
export function addRegister(program: Command, context: CommandContext): void {
  const command = program
    .command('register')
    .description('register an instance, renew it until interrupted, then cancel it')
    .argument('<service>')
    .argument('[id]', 'default: the name of this machine')
    .option('--address <URL>', 'where it listens, scheme://host:port; may be repeated', collect)
    .option('--hostname <NAME>', 'the name of its machine')
    .option('--version <VERSION>', 'the version of what runs there')
    .option('--weight <NUMBER>', 'share of traffic relative to the others, default 1', parseWeight)
    .option('--tag <TAG>', 'may be repeated', collect)
    .option('--meta <KEY=VALUE>', 'metadata; may be repeated', collectMetadata)
    .addOption(statusOption('default: up'))
    .option('--ttl <DURATION>', 'how long it may be silent, default 90s', parseTtl)
  withClientOptions(command).action(
    async (service: string, id: string | undefined, flags: Flags) => {
      const registration = registrationOf(flags, { service, id: id ?? context.hostname })
      await keepRegistered(registration, flags, context)
    },
  )
}

/** Throws what the registry refused for good. */
async function keepRegistered(
  registration: Registration,
  flags: Flags,
  context: CommandContext,
): Promise<void> {
  await using connection = await connect(flags, context)
  using lifetime = context.openLifetime()
  const { client, log, json } = connection
  const lost = new AbortController()
  let refusal: RegistryError | undefined
  const { Registrar } = await import('@rollcall/client')
  const registrar = new Registrar({
    client,
    log,
    onRegistered: (_, instance) => {
      context.io.out(json ? jsonLine(instance) : sentence(instance))
    },
    onLost: (_, error) => {
      refusal = error
      lost.abort()
    },
  })
  registrar.put(registration)
  await registrar.run(AbortSignal.any([lifetime.signal, lost.signal]))
  if (refusal) throw refusal
}

function registrationOf(flags: Flags, at: { service: string; id: string }): Registration {
  const { address = [], hostname, version, weight, tag, meta, status, ttl } = flags
  const optional = { hostname, version, weight, tags: tag && [...tag], status, ttlMs: ttl }
  return {
    ...at,
    body: { addresses: [...address], ...present({ ...optional, metadata: meta && { ...meta } }) },
  }
}

function sentence({ service, id, env, zone, home, ttlMs }: Instance): string {
  const renewing = `silent for ${formatDuration(ttlMs)} at most`
  return `Registered ${service} ${id} in ${env}/${zone} at node ${home}, ${renewing}.`
}

function parseWeight(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument(`--weight must be a number, not "${text}".`)
  return Number(text)
}

function parseTtl(text: string): number {
  return parseDuration(text, '--ttl')
}
