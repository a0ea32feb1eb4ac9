import { commitOrLose, Lost, untilWon } from '../lost-races.ts'
import type { NamespaceWritten, NewNamespace } from '../resource-catalog.ts'
import { drawUuid } from '../uuid.ts'
import { checkComment, checkDepth, checkKind, checkMatch, checkName } from './namespace-checks.ts'
import { presentNode } from './namespace-reads.ts'
import type { TemplateCopies } from './template-copies.ts'
import type { NamespaceRecord } from './namespace-record.ts'
import {
  checkFree,
  isFree,
  isThere,
  putName,
  putNode,
  type NamespaceWrite,
} from './namespace-write.ts'

/** Puts a namespace into the tree. See `Namespaces.create`. */
export async function createNamespace(
  write: NamespaceWrite & { readonly templates: TemplateCopies },
  parentPath: string,
  { name, kind, match, comment = '' }: NewNamespace,
): Promise<NamespaceWritten> {
  checkName(name)
  checkKind(kind)
  checkComment(comment)
  const fields = { name, kind, match: checkMatch(match), comment }
  const path = parentPath === '' ? name : `${parentPath}/${name}`
  const { core, reads } = write
  return untilWon(core, path, async () => {
    await write.templates.free(reads.inner(parentPath))
    const parent = reads.inner(parentPath)
    checkFree(write, parent.id, name)
    checkDepth(core.tables.namespaces.place(parent).line.length)
    const id = drawUuid(core.options.random)
    const record: NamespaceRecord = { parent: parent.id, ...fields }
    const copies = write.templates.plan(parent, { id, kind })
    const revision = await commitOrLose(core, {
      compares: [...isThere(parent), isFree(parent.id, name), ...copies.compares],
      then: [putNode(id, record), putName(id, record), ...copies.operations, ...write.marks],
    })
    if (revision instanceof Lost) return revision
    const namespace = presentNode({ ...record, id, revision }, path, reads.rootName)
    return { namespace, revision, isBehind: await core.isBehind(revision) }
  })
}
