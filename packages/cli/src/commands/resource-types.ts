/**
 * `rollcall resource types` and `describe`: what types of resources demand.
 *
 * @module
 */

import type { Command } from 'commander'
import {
  RegistryError,
  invalidArgument,
  type ResourceType,
  type TypeBody,
} from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { readInputFile } from '../input-file.ts'
import { jsonLine, tableLines } from '../output.ts'
import { present } from '../present.ts'

interface DescribeFlags extends ClientFlags {
  readonly primaryKey?: string
  readonly schema?: string
  readonly forget?: true
}

const HEADINGS = ['TYPE', 'PRIMARY KEY', 'SCHEMA', 'REVISION']
const SCHEMA_MAX_BYTES = 1_024 * 1_024

/** Adds the commands. */
export function addResourceTypes(resource: Command, context: CommandContext): void {
  addTypes(resource, context)
  addDescribe(resource, context)
}

function addTypes(resource: Command, context: CommandContext): void {
  const command = resource
    .command('types')
    .description('list the types that are described or known without')
  withClientOptions(command).action(async (flags: ClientFlags) => {
    await using connection = await connect(flags, context)
    const types: ResourceType[] = []
    for await (const each of connection.client.types.every()) types.push(each)
    const { out } = context.io
    if (connection.json) out(jsonLine({ types }))
    else for (const line of tableLines(HEADINGS, types.map(rowOf))) out(line)
  })
}

function addDescribe(resource: Command, context: CommandContext): void {
  const command = resource
    .command('describe')
    .description('say what resources of a type must have; what is not given is not demanded')
    .argument('<type>')
    .option('--primary-key <PROPERTY>', 'a property that is unique in a namespace')
    .option('--schema <FILE>', 'a JSON Schema that the properties have to fit')
    .option('--forget', 'forget the description; the resources stay')
  withClientOptions(command).action(async (type: string, flags: DescribeFlags) => {
    const { primaryKey, schema, forget } = flags
    if (forget === true && (primaryKey ?? schema) !== undefined) {
      throw invalidArgument('--forget goes without --primary-key and --schema.')
    }
    const description = {
      ...present({ primaryKey }),
      ...(schema === undefined ? {} : { schema: await readSchema(schema) }),
    }
    await using connection = await connect(flags, context)
    const { types } = connection.client
    const { out } = context.io
    if (forget === true) {
      const answer = await types.delete(type)
      if (!answer.deleted) throw typeNotFound(type)
      out(connection.json ? jsonLine(answer) : `The type ${type} is described by nobody.`)
      return
    }
    const { created, described } = await types.put(type, description)
    const done = `${created ? 'Described' : 'Changed'} ${type} at revision ${described.revision}.`
    out(connection.json ? jsonLine(described) : done)
  })
}

async function readSchema(file: string): Promise<NonNullable<TypeBody['schema']>> {
  const text = Buffer.from(await readInputFile(file, SCHEMA_MAX_BYTES)).toString()
  try {
    return JSON.parse(text) as NonNullable<TypeBody['schema']>
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidArgument(`${file} is not JSON: ${reason}.`)
  }
}

function typeNotFound(type: string): RegistryError {
  const message = `Nobody has described the type "${type}".`
  return new RegistryError('resource_not_found', message, { details: { type } })
}

function rowOf({ type, primaryKey, schema, revision }: ResourceType): string[] {
  return [type, primaryKey ?? '-', schema === null ? '-' : 'yes', String(revision)]
}
