/**
 * `rollcall resource import`: many resources out of a file.
 *
 * @module
 */

import type { Command } from 'commander'
import { connect, withClientOptions, type ClientFlags, type Connection } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { readInputFile } from '../input-file.ts'
import { pathOf, pathText } from '../namespace-path.ts'
import { jsonLine } from '../output.ts'
import { present } from '../present.ts'
import { batchesOf, parseResources, type ReadResource } from '../resource-input.ts'

interface Flags extends ClientFlags {
  readonly ns?: string
  readonly file?: string
  readonly replace?: true
}

/** What is read into memory at once. */
const INPUT_MAX_BYTES = 256 * 1_024 * 1_024

const HELP = `
The input is JSON, from standard input unless --file names one: a list of resources, or what
"resource list --json" prints.

  [{"properties": {"hostname": "db-1"}}, {"id": "x", "ns": "shop/db", "properties": {}}]

Each goes to its "ns"; --ns overrides that. Added are as many at once as a request may have, so what
is refused may leave those before it; with --replace all is one step, into one namespace.`

/** Adds the command. */
export function addResourceImport(resource: Command, context: CommandContext): void {
  const command = resource
    .command('import')
    .description('add resources out of a file')
    .argument('<type>')
    .option('--ns <PATH>', 'the namespace for all of them')
    .option('--file <FILE>', 'where they are')
    .option('--replace', 'put them in place of all that are in --ns')
    .addHelpText('after', HELP)
  withClientOptions(command).action(async (type: string, flags: Flags) => {
    const { file, replace, ns } = flags
    const input =
      file === undefined ? context.readInput(INPUT_MAX_BYTES) : readInputFile(file, INPUT_MAX_BYTES)
    const rows = parseResources(Buffer.from(await input).toString(), {
      ns: ns === undefined ? undefined : pathOf(ns),
      isReplacing: replace === true,
    })
    await using connection = await connect(flags, context)
    const put = { type, rows, connection, context }
    if (replace === true && ns !== undefined) await replaceAll({ ...put, ns: pathOf(ns) })
    else await addAll(put)
  })
}

interface Import {
  readonly type: string
  readonly rows: readonly ReadResource[]
  readonly connection: Connection
  readonly context: CommandContext
}

async function replaceAll(put: Import & { readonly ns: string }): Promise<void> {
  const { type, rows, connection, context, ns } = put
  const resources = rows.map(({ id, properties }) => ({ properties, ...present({ id }) }))
  const { revision, ids } = await connection.client.resources.replace({ type, ns }, resources)
  const { out } = context.io
  if (connection.json) out(jsonLine({ ids, revision }))
  else out(`${pathText(ns)} has ${countText(ids.length)} of type ${type} at revision ${revision}.`)
}

async function addAll({ type, rows, connection, context }: Import): Promise<void> {
  const ids: string[] = []
  let revision: number | undefined
  for (const batch of batchesOf(rows)) {
    const ops = batch.map(({ ns, id, properties }) => ({
      add: { ns, properties, ...present({ id }) },
    }))
    try {
      const answer = await connection.client.resources.batch(type, ops)
      ids.push(...answer.results.map((each) => each.id))
      revision = answer.revision
    } catch (error) {
      if (ids.length > 0) context.io.err(`Added ${countText(ids.length)} before this failed.`)
      throw error
    }
  }
  const { out } = context.io
  if (connection.json) out(jsonLine({ ids, ...present({ revision }) }))
  else out(`Added ${countText(ids.length)}.`)
}

function countText(count: number): string {
  return count === 1 ? '1 resource' : `${count} resources`
}
