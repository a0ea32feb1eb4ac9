/**
 * `rollcall resource`: what namespaces hold.
 *
 * @module
 */

import type { Command } from 'commander'
import { RegistryError, invalidArgument, type Resource } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { collect } from '../filters.ts'
import { freshnessOf, withFreshness, type FreshnessFlags } from '../freshness.ts'
import { pathOf, pathText } from '../namespace-path.ts'
import { wholeNumber } from '../numbers.ts'
import { jsonLine, tableLines } from '../output.ts'
import { present } from '../present.ts'
import { propertiesOf, propertiesText } from '../properties.ts'
import { addResourceImport } from './resource-import.ts'
import { addResourceTransfers } from './resource-transfer.ts'
import { addResourceTypes } from './resource-types.ts'

interface PlaceFlags extends ClientFlags {
  readonly ns?: string
  readonly template?: true
}

interface AddFlags extends PlaceFlags {
  readonly id?: string
}

interface SetFlags extends PlaceFlags {
  readonly unset?: readonly string[]
  readonly ifRevision?: number
}

type SetArguments = [type: string, id: string, pairs: readonly string[], flags: SetFlags]

const HEADINGS = ['ID', 'NAMESPACE', 'REVISION', 'PROPERTIES']
const EVERYWHERE = 'the path of a namespace; default: wherever the resource stands'

/** Adds the commands. */
export function addResource(program: Command, context: CommandContext): void {
  const resource = program
    .command('resource')
    .description('resources: machines, rules and whatever else namespaces hold')
  addList(resource, context)
  addGet(resource, context)
  addAdd(resource, context)
  addSet(resource, context)
  addDelete(resource, context)
  addResourceTransfers(resource, context)
  addResourceImport(resource, context)
  addResourceTypes(resource, context)
}

function addList(resource: Command, context: CommandContext): void {
  const command = resource
    .command('list')
    .description('list the resources of a type, of an inner namespace those of all leaves below')
    .argument('<type>', 'such as machine')
    .option('--ns <PATH>', 'the path of a namespace; default: the root', '/')
    .option('--template', 'what an inner namespace hands on to new ones')
  withClientOptions(withFreshness(command)).action(
    async (type: string, flags: PlaceFlags & FreshnessFlags) => {
      await using connection = await connect(flags, context)
      const query = { ...placeOf(type, flags), ...freshnessOf(flags) }
      const resources: Resource[] = []
      for await (const each of connection.client.resources.every(query)) resources.push(each)
      const { out } = context.io
      if (connection.json) out(jsonLine({ resources }))
      else for (const line of tableLines(HEADINGS, resources.map(rowOf))) out(line)
    },
  )
}

function addGet(resource: Command, context: CommandContext): void {
  const command = resource
    .command('get')
    .description('show a resource')
    .argument('<type>')
    .argument('<id>')
    .option('--ns <PATH>', EVERYWHERE)
    .option('--template', 'what an inner namespace hands on to new ones')
  withClientOptions(withFreshness(command)).action(
    async (type: string, id: string, flags: PlaceFlags & FreshnessFlags) => {
      await using connection = await connect(flags, context)
      const rows = await connection.client.resources.rows(
        atOf({ type, id, flags }),
        freshnessOf(flags),
      )
      if (rows.length === 0) throw resourceNotFound(type, id)
      show(rows, connection.json, context)
    },
  )
}

function addAdd(resource: Command, context: CommandContext): void {
  const command = resource
    .command('add')
    .description('add a resource and print its id')
    .argument('<type>')
    .argument('<properties...>', 'each name=value')
    .requiredOption('--ns <PATH>', 'the path of a leaf')
    .option('--id <ID>', 'default: one is drawn')
    .option('--template', 'what an inner namespace hands on to new ones')
  withClientOptions(command).action(
    async (type: string, pairs: readonly string[], flags: AddFlags) => {
      const properties = propertiesOf(pairs)
      await using connection = await connect(flags, context)
      const resource = { properties, ...present({ id: flags.id }) }
      const added = await connection.client.resources.add(placeOf(type, flags), resource)
      // Alone, so that a script needs no tool to take it.
      context.io.out(connection.json ? jsonLine(added) : added.id)
    },
  )
}

function addSet(resource: Command, context: CommandContext): void {
  const command = resource
    .command('set')
    .description('change properties of a resource; others stay')
    .argument('<type>')
    .argument('<id>')
    .argument('[properties...]', 'each name=value')
    .option('--unset <NAME>', 'remove a property; may be repeated', collect)
    .option('--ns <PATH>', EVERYWHERE)
    .option('--template', 'what an inner namespace hands on to new ones')
    .option(
      '--if-revision <REVISION>',
      'only if it has this revision',
      wholeNumber('--if-revision'),
    )
  withClientOptions(command).action(async (...[type, id, pairs, flags]: SetArguments) => {
    const { unset = [], ifRevision } = flags
    const removed = Object.fromEntries(unset.map((name) => [name, null]))
    const properties = { ...removed, ...propertiesOf(pairs) }
    if (Object.keys(properties).length === 0) {
      throw invalidArgument('Say what to set, as name=value, or what to --unset.')
    }
    await using connection = await connect(flags, context)
    const { resources } = connection.client
    const options = present({ ifRevision })
    const rows = await resources.merge(atOf({ type, id, flags }), properties, options)
    show(rows, connection.json, context)
  })
}

function addDelete(resource: Command, context: CommandContext): void {
  const command = resource
    .command('delete')
    .description('delete a resource')
    .argument('<type>')
    .argument('<id>')
    .option('--ns <PATH>', EVERYWHERE)
    .option('--template', 'what an inner namespace hands on to new ones')
  withClientOptions(command).action(async (type: string, id: string, flags: PlaceFlags) => {
    await using connection = await connect(flags, context)
    const { resources } = connection.client
    const { deleted, revision } = await resources.delete(atOf({ type, id, flags }))
    if (!deleted) throw resourceNotFound(type, id)
    context.io.out(connection.json ? jsonLine({ deleted: id, revision }) : `Deleted ${type} ${id}.`)
  })
}

function placeOf(type: string, { ns = '/', template }: PlaceFlags) {
  return { type, ns: pathOf(ns), ...present({ template }) }
}

interface Target {
  readonly type: string
  readonly id: string
  readonly flags: PlaceFlags
}

function atOf({ type, id, flags: { ns, template } }: Target) {
  return { type, id, ...present({ ns: ns === undefined ? undefined : pathOf(ns), template }) }
}

function show(rows: readonly Resource[], json: boolean, { io }: CommandContext): void {
  if (json) io.out(jsonLine({ resources: rows }))
  else for (const line of tableLines(HEADINGS, rows.map(rowOf))) io.out(line)
}

function rowOf({ id, ns, revision, properties }: Resource): string[] {
  return [id, pathText(ns), String(revision), propertiesText(properties)]
}

function resourceNotFound(type: string, id: string): RegistryError {
  const message = `There is no ${type} "${id}".`
  return new RegistryError('resource_not_found', message, { details: { type, id } })
}
