/**
 * `rollcall ns`: the tree of namespaces.
 *
 * @module
 */

import { Option, type Command } from 'commander'
import {
  NAMESPACE_KINDS,
  RegistryError,
  invalidArgument,
  type Namespace,
  type NamespaceKind,
  type NamespacePatch,
  type NamespaceTree,
} from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { freshnessOf, withFreshness, type FreshnessFlags } from '../freshness.ts'
import { pathOf, pathText, splitPath } from '../namespace-path.ts'
import { wholeNumber } from '../numbers.ts'
import { jsonLine, tableLines } from '../output.ts'
import { present } from '../present.ts'
import { addNsWatch } from './ns-watch.ts'

interface TreeFlags extends ClientFlags, FreshnessFlags {
  readonly depth: number
}

interface CreateFlags extends ClientFlags {
  readonly kind: NamespaceKind
  readonly match?: string
  readonly comment?: string
}

interface SetFlags extends ClientFlags {
  /** False: no machine registers here by itself any more. */
  readonly match?: string | false
  readonly comment?: string
  readonly ifRevision?: number
}

/** As deep as a tree may be read; the registry refuses what is too much. */
const WHOLE_TREE = 64
const INDENT = '  '
const HEADINGS = ['NAMESPACE', 'KIND', 'RESOURCES', 'MATCH', 'COMMENT']

/** Adds the commands. */
export function addNs(program: Command, context: CommandContext): void {
  const ns = program
    .command('ns')
    .description('namespaces: places in a tree, which hold resources or one another')
  addTree(ns, context)
  addGet(ns, context)
  addCreate(ns, context)
  addSet(ns, context)
  addMove(ns, context)
  addDelete(ns, context)
  addNsWatch(ns, context)
}

function addTree(ns: Command, context: CommandContext): void {
  const command = ns
    .command('tree')
    .description('print a namespace and what is below it')
    .argument('[path]', 'such as shop/db; default: the root', '/')
    .option('--depth <LEVELS>', 'how far below', wholeNumber('--depth'), WHOLE_TREE)
  withClientOptions(withFreshness(command)).action(async (path: string, flags: TreeFlags) => {
    await using connection = await connect(flags, context)
    const options = { depth: flags.depth, ...freshnessOf(flags) }
    const tree = await connection.client.namespaces.get(pathOf(path), options)
    if (!tree) throw namespaceNotFound(path)
    const { out } = context.io
    if (connection.json) out(jsonLine(tree))
    else for (const line of tableLines(HEADINGS, rowsOf(tree, ''))) out(line)
  })
}

function addGet(ns: Command, context: CommandContext): void {
  const command = ns
    .command('get')
    .description('show one namespace')
    .argument('<path>', 'such as shop/db; / is the root')
  withClientOptions(withFreshness(command)).action(
    async (path: string, flags: ClientFlags & FreshnessFlags) => {
      await using connection = await connect(flags, context)
      const { namespaces } = connection.client
      const found = await namespaces.get(pathOf(path), { depth: 1, ...freshnessOf(flags) })
      if (!found) throw namespaceNotFound(path)
      const { out } = context.io
      if (connection.json) out(jsonLine(found))
      else for (const line of linesOf(found)) out(line)
    },
  )
}

function addCreate(ns: Command, context: CommandContext): void {
  const command = ns
    .command('create')
    .description('make a namespace; the one that it is in must be there')
    .argument('<path>', 'such as shop/db')
    .addOption(
      new Option('--kind <KIND>', 'leaf: holds resources; inner: holds namespaces')
        .choices(NAMESPACE_KINDS)
        .default('leaf'),
    )
    .option('--match <PATTERN>', 'machines whose hostname it matches register here')
    .option('--comment <TEXT>', 'for people')
  withClientOptions(command).action(async (path: string, flags: CreateFlags) => {
    const { parent, name } = splitPath(path)
    await using connection = await connect(flags, context)
    const { kind, match, comment } = flags
    const created = await connection.client.namespaces.create(parent, {
      name,
      kind,
      ...present({ match, comment }),
    })
    const done = `Created ${created.path} (${created.kind}) at revision ${created.revision}.`
    context.io.out(connection.json ? jsonLine(created) : done)
  })
}

function addSet(ns: Command, context: CommandContext): void {
  const command = ns
    .command('set')
    .description('change what is said of a namespace')
    .argument('<path>')
    .option('--match <PATTERN>', 'machines whose hostname it matches register here')
    .option('--no-match', 'no machine registers here by itself')
    .option('--comment <TEXT>', 'for people')
    .option(
      '--if-revision <REVISION>',
      'only if it has this revision',
      wholeNumber('--if-revision'),
    )
  withClientOptions(command).action(async (path: string, flags: SetFlags) => {
    const { comment, ifRevision } = flags
    const match = flags.match === false ? null : flags.match
    if (match === undefined && comment === undefined) {
      throw invalidArgument('Say what to change, with --match, --no-match or --comment.')
    }
    await change({ path, patch: present({ match, comment, ifRevision }), flags, context })
  })
}

function addMove(ns: Command, context: CommandContext): void {
  const command = ns
    .command('move')
    .description('give a namespace another name or place; what is below goes along')
    .argument('<path>', 'where it is')
    .argument('<newPath>', 'where it shall be, with its name')
  withClientOptions(command).action(async (path: string, newPath: string, flags: ClientFlags) => {
    const from = splitPath(path)
    const to = splitPath(newPath)
    const patch = {
      ...(to.name !== from.name && { name: to.name }),
      ...(to.parent !== from.parent && { parent: to.parent }),
    }
    await change({ path, patch, flags, context })
  })
}

interface Change {
  readonly path: string
  readonly patch: NamespacePatch
  readonly flags: ClientFlags
  readonly context: CommandContext
}

async function change({ path, patch, flags, context }: Change): Promise<void> {
  await using connection = await connect(flags, context)
  const changed = await connection.client.namespaces.change(pathOf(path), patch)
  const isElsewhere = changed.path !== pathOf(path)
  const done = isElsewhere ? `Moved ${pathOf(path)} to ${changed.path}` : `Changed ${changed.path}`
  const { json } = connection
  context.io.out(json ? jsonLine(changed) : `${done} at revision ${changed.revision}.`)
}

function addDelete(ns: Command, context: CommandContext): void {
  const command = ns
    .command('delete')
    .description('delete a namespace that holds neither namespaces nor machines')
    .argument('<path>')
  withClientOptions(command).action(async (path: string, flags: ClientFlags) => {
    await using connection = await connect(flags, context)
    const { deleted, revision } = await connection.client.namespaces.delete(pathOf(path))
    if (!deleted) throw namespaceNotFound(path)
    const done = `Deleted ${pathOf(path)}.`
    context.io.out(connection.json ? jsonLine({ deleted: pathOf(path), revision }) : done)
  })
}

function rowsOf(tree: NamespaceTree, indent: string): string[][] {
  const { name, kind, resources, match, comment } = tree
  const row = [`${indent}${name}`, kind, countsText(resources), match ?? '-', comment || '-']
  return [row, ...tree.children.flatMap((child) => rowsOf(child, indent + INDENT))]
}

function linesOf(namespace: NamespaceTree): string[] {
  const { id, path, kind, match, comment, revision, resources, children } = namespace
  return [
    `${pathText(path)} (${kind}), id ${id}, revision ${revision}`,
    ...(comment === '' ? [] : [`comment    ${comment}`]),
    ...(match === null ? [] : [`match      ${match}`]),
    `${kind === 'leaf' ? 'resources ' : 'templates '} ${countsText(resources)}`,
    ...(kind === 'leaf' ? [] : [`namespaces ${namesText(children)}`]),
  ]
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const names = Object.keys(counts).sort()
  return names.map((name) => `${name}:${counts[name]}`).join(',') || '-'
}

function namesText(children: readonly Namespace[]): string {
  return children.map(({ name }) => name).join(' ') || '-'
}

function namespaceNotFound(path: string): RegistryError {
  const message = `There is no namespace "${pathOf(path)}".`
  return new RegistryError('namespace_not_found', message, { details: { path: pathOf(path) } })
}
