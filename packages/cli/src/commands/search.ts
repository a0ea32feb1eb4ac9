/**
 * `rollcall search`: resources by what they say.
 *
 * @module
 */

import { Option, type Command } from 'commander'
import { LIMITS, SEARCH_MODES, type SearchHit, type SearchMode } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { freshnessOf, withFreshness, type FreshnessFlags } from '../freshness.ts'
import { pathOf, pathText } from '../namespace-path.ts'
import { wholeNumber } from '../numbers.ts'
import { jsonLine, tableLines } from '../output.ts'
import { present } from '../present.ts'
import { propertiesText } from '../properties.ts'

interface Flags extends ClientFlags, FreshnessFlags {
  readonly key?: string
  readonly type?: string
  readonly ns: string
  readonly mode: SearchMode
  readonly limit: number
}

const HEADINGS = ['TYPE', 'ID', 'NAMESPACE', 'MATCHED', 'PROPERTIES']

/** Adds the command. */
export function addSearch(program: Command, context: CommandContext): void {
  const command = program
    .command('search')
    .description('find resources by the value of a property')
    .argument('<value>', 'what to look for')
    .option('--key <PROPERTY>', 'only in this property; _id is the id')
    .option('--type <TYPE>', 'only resources of this type')
    .option('--ns <PATH>', 'only in this namespace and below', '/')
    .addOption(
      new Option('--mode <MODE>', 'how the value is meant; regex is of RE2')
        .choices(SEARCH_MODES)
        .default('exact'),
    )
    .option('--limit <COUNT>', 'how many at most', wholeNumber('--limit'), LIMITS.pageMax)
  withClientOptions(withFreshness(command)).action(async (value: string, flags: Flags) => {
    await using connection = await connect(flags, context)
    const { key, type, ns, mode, limit } = flags
    const query = { value, ns: pathOf(ns), mode, ...freshnessOf(flags), ...present({ key, type }) }
    const hits: SearchHit[] = []
    let isMore = false
    for await (const hit of connection.client.everyHit(query)) {
      isMore = hits.length === limit
      if (isMore) break
      hits.push(hit)
    }
    const { out, err } = context.io
    if (connection.json) out(jsonLine({ hits, more: isMore }))
    else for (const line of tableLines(HEADINGS, hits.map(rowOf))) out(line)
    if (isMore && !connection.json) err(`There is more than ${limit}; raise --limit to see it.`)
  })
}

function rowOf({ type, id, ns, matched, properties }: SearchHit): string[] {
  return [type, id, pathText(ns), matched.join(','), propertiesText(properties)]
}
