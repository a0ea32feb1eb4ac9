import { RegistryError } from '@rollcall/protocol/errors'
import type { Compare, Operation } from '../engine.ts'
import { siblingKey } from '../key-schema.ts'
import { commitOrLose, Lost, untilWon } from '../lost-races.ts'
import { checkRevision, revisionConflict } from '../refusals.ts'
import type { NamespacePatch, NamespaceWritten } from '../resource-catalog.ts'
import { checkComment, checkDepth, checkMatch, checkName } from './namespace-checks.ts'
import { presentNode } from './namespace-reads.ts'
import { ROOT_ID, type NamespaceRecord } from './namespace-record.ts'
import type { NamespaceNode } from './namespace-table.ts'
import {
  checkFree,
  checkNotBuiltIn,
  isAsSeen,
  isFree,
  putName,
  putNode,
  type NamespaceWrite,
} from './namespace-write.ts'

/** Renames, moves or describes a namespace. See `Namespaces.change`. */
export async function changeNamespace(
  write: NamespaceWrite,
  path: string,
  patch: NamespacePatch,
): Promise<NamespaceWritten> {
  if (patch.name !== undefined) checkName(patch.name)
  if (patch.comment !== undefined) checkComment(patch.comment)
  if (patch.ifRevision !== undefined) checkRevision('ifRevision', patch.ifRevision)
  checkMatch(patch.match)
  const { core, reads } = write
  return untilWon(core, path, async () => {
    const node = reads.get(path)
    checkIfRevision(node, path, patch.ifRevision)
    const target = patch.parent === undefined ? undefined : reads.inner(patch.parent)
    const record = patched(node, patch, target)
    const isElsewhere = record.parent !== node.parent || record.name !== node.name
    if (isElsewhere || node.id === ROOT_ID) checkNotBuiltIn(node, path)
    const compares: Compare[] = [isAsSeen(node)]
    const then: Operation[] = [putNode(node.id, record)]
    if (isElsewhere) {
      checkFree(write, record.parent, record.name)
      compares.push(isFree(record.parent, record.name))
      if (target) compares.push(...checkPlace(write, node, target))
      then.push(
        { kind: 'delete', key: siblingKey(node.parent, node.name) },
        putName(node.id, record),
      )
    }
    const revision = await commitOrLose(core, { compares, then: [...then, ...write.marks] })
    if (revision instanceof Lost) return revision
    const isBehind = await core.isBehind(revision)
    const changed = { ...record, id: node.id, revision }
    return {
      namespace: presentNode(changed, placeOf(write, changed), reads.rootName),
      revision,
      isBehind,
    }
  })
}

function patched(
  node: NamespaceNode,
  { name, match, comment }: NamespacePatch,
  target: NamespaceNode | undefined,
): NamespaceRecord {
  return {
    parent: target?.id ?? node.parent,
    name: name ?? node.name,
    kind: node.kind,
    match: match === undefined ? node.match : checkMatch(match),
    comment: comment ?? node.comment,
  }
}

function checkIfRevision(node: NamespaceNode, path: string, expected: number | undefined): void {
  if (expected === undefined || expected === node.revision) return
  throw revisionConflict({ key: path, expected, actual: node.revision })
}

/**
 * A namespace may go where it does not come to lie in itself. Everything above the new place is
 * compared, so that two moves at once make no ring either.
 */
function checkPlace(
  { core, reads }: NamespaceWrite,
  node: NamespaceNode,
  target: NamespaceNode,
): readonly Compare[] {
  const { namespaces } = core.tables
  const { line } = namespaces.place(target)
  if (line.includes(node.id)) {
    const path = reads.path(node)
    const message = `"${path}" cannot be moved into itself; choose a parent that is not below it.`
    const details = { path, parent: reads.path(target) }
    throw new RegistryError('would_cycle', message, { details })
  }
  checkDepth(line.length + namespaces.height(node))
  return line.map((id) => isAsSeen(namespaces.get(id) as NamespaceNode))
}

/** Where it is by now, also when the view has not heard of it. */
function placeOf({ core, reads }: NamespaceWrite, { parent, name, id }: NamespaceNode): string {
  const { namespaces } = core.tables
  const above = namespaces.get(parent)
  if (!above) return id === ROOT_ID ? '' : name
  const path = reads.path(above)
  return path === '' ? name : `${path}/${name}`
}
