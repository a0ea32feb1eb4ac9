/**
 * `rollcall ns watch`: a namespace and what is below, then what changes, until interrupted.
 *
 * @module
 */

import type { Command } from 'commander'
import type { NamespaceChange, NamespaceWatchEvent } from '@rollcall/client'
import type { Namespace, Resource } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { pathOf, pathText } from '../namespace-path.ts'
import { wholeNumber } from '../numbers.ts'
import { jsonLine } from '../output.ts'
import { present } from '../present.ts'
import { propertiesText } from '../properties.ts'

interface Flags extends ClientFlags {
  readonly from?: number
}

/** Adds the command. */
export function addNsWatch(ns: Command, context: CommandContext): void {
  const command = ns
    .command('watch')
    .description('print a namespace and all below, then each change, until interrupted')
    .argument('[path]', 'such as shop/db; default: the root', '/')
    .option('--from <REVISION>', 'only what changed after this revision', wholeNumber('--from'))
  withClientOptions(command).action(async (path: string, flags: Flags) => {
    await using connection = await connect(flags, context)
    using lifetime = context.openLifetime()
    const { from } = flags
    const query = { path: pathOf(path), ...present({ from }), signal: lifetime.signal }
    const { out } = context.io
    for await (const event of connection.client.namespaces.watch(query)) {
      if (connection.json) out(jsonLine(event))
      else for (const line of linesOf(event)) out(line)
    }
  })
}

/** Each line starts with what it is: `=` there, `+` new or changed, `>` moved, `-` gone. */
function linesOf(event: NamespaceWatchEvent): readonly string[] {
  if (event.kind === 'resync') return [`* starting over (${event.reason})`]
  if (event.kind === 'change') return event.changes.flatMap(changeLines)
  const { namespaces, resources, templates, more, revision } = event
  return [
    ...namespaces.map((namespace) => `= ${namespaceText(namespace)}`),
    ...resources.map((row) => `= ${rowText(row)}`),
    ...templates.map((row) => `= ${rowText(row)} (template)`),
    ...(more ? [] : [`* all at revision ${revision}`]),
  ]
}

function changeLines(change: NamespaceChange): readonly string[] {
  const { path } = change
  if ('namespace' in change) {
    const now = namespaceText(change.namespace)
    return [change.kind === 'moved' ? `> ${pathText(path)} is ${now}` : `+ ${now}`]
  }
  if (change.kind === 'deleted') return [`- ${pathText(path)}`]
  const { kind, type, upserted, removed } = change
  const suffix = kind === 'templates' ? ' (template)' : ''
  return [
    ...upserted.map((row) => `+ ${rowText(row)}${suffix}`),
    ...removed.map((id) => `- ${pathText(path)} ${type} ${id}${suffix}`),
  ]
}

function namespaceText({ path, kind, match }: Namespace): string {
  return `${pathText(path)} ${kind}${match === null ? '' : ` match ${match}`}`
}

function rowText({ ns, type, id, properties }: Resource): string {
  return `${pathText(ns)} ${type} ${id} ${propertiesText(properties)}`
}
