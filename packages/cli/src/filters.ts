/**
 * Options that narrow a list or a watch, and the forms in which values are given.
 *
 * @module
 */

import { Option, type Command } from 'commander'
import type { Filters } from '@rollcall/client'
import { INSTANCE_STATUSES, invalidArgument, type InstanceStatus } from '@rollcall/protocol'
import { present } from './present.ts'

/** The filters as given. The zone is not among them: all client commands take it. */
export interface FilterFlags {
  readonly status?: InstanceStatus
  readonly tag?: string
  readonly version?: string
  readonly meta?: Readonly<Record<string, string>>
}

/** Adds the options that narrow a list of instances. */
export function withFilters(command: Command): Command {
  return command
    .addOption(statusOption('only instances with this status'))
    .option('--tag <TAG>', 'only instances with this tag')
    .option('--version <VERSION>', 'only instances of this version')
    .option(
      '--meta <KEY=VALUE>',
      'only instances with this metadata; may be repeated',
      collectMetadata,
    )
}

/** Puts filters into the form of the client. */
export function filtersOf({ status, tag, version, meta }: FilterFlags): Filters {
  return present({ status, tag, version, metadata: meta })
}

/** Makes the option for a status. */
export function statusOption(description: string): Option {
  return new Option('--status <STATUS>', description).choices(INSTANCE_STATUSES)
}

/** Adds a `KEY=VALUE` to those before it. The value may hold further equals signs. */
export function collectMetadata(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw invalidArgument(`--meta must be KEY=VALUE, not "${text}".`)
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Adds a value to those before it, for options that may be repeated. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
