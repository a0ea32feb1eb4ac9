import { RegistryError } from '@rollcall/protocol/errors'
import type { Written } from '../catalog.ts'
import {
  FAMILY,
  heldPrefix,
  listPrefix,
  namespaceKey,
  siblingKey,
  siblingPrefix,
} from '../key-schema.ts'
import { commitOrLose, Lost, untilWon } from '../lost-races.ts'
import { MACHINE } from '../resource-types/known-types.ts'
import { checkNotBuiltIn, isAsSeen, type NamespaceWrite } from './namespace-write.ts'

/** Takes a namespace out of the tree, with what it holds. See `Namespaces.delete`. */
export async function deleteNamespace(write: NamespaceWrite, path: string): Promise<Written> {
  const { core, reads } = write
  return untilWon(core, path, async () => {
    const node = reads.get(path)
    checkNotBuiltIn(node, path)
    const { namespaces, resources } = core.tables
    const children = namespaces.childCount(node.id)
    if (children > 0) throw notEmpty(path, 'namespaces', children)
    const machines = resources.countOf(MACHINE, node.id)
    if (machines > 0) throw notEmpty(path, 'machines', machines)
    const revision = await commitOrLose(core, {
      compares: [
        isAsSeen(node),
        { kind: 'empty', prefix: siblingPrefix(node.id) },
        { kind: 'empty', prefix: listPrefix(FAMILY.resource, node.id, MACHINE) },
      ],
      then: [
        { kind: 'delete', key: namespaceKey(node.id) },
        { kind: 'delete', key: siblingKey(node.parent, node.name) },
        { kind: 'delete_prefix', prefix: heldPrefix(FAMILY.resource, node.id) },
        { kind: 'delete_prefix', prefix: heldPrefix(FAMILY.template, node.id) },
        ...write.marks,
      ],
    })
    if (revision instanceof Lost) return revision
    return { revision, isBehind: await core.isBehind(revision) }
  })
}

function notEmpty(path: string, what: string, count: number): RegistryError {
  const message = `"${path}" holds ${what} (${count}); move or delete them first.`
  return new RegistryError('not_empty', message, { details: { path, what, count } })
}
