import type { CatalogCore } from '../catalog-core.ts'
import type { Compare, Operation } from '../engine.ts'
import type { Holds } from '../holds.ts'
import { FAMILY, heldPrefix, type ListFamily } from '../key-schema.ts'
import { markHosts } from '../machines/host-marks.ts'
import type { SchemaChecks } from '../resource-types/schema-checks.ts'
import { planRows } from '../resources/row-commit.ts'
import { RowDraft } from '../resources/row-draft.ts'
import { drawUuid } from '../uuid.ts'
import type { NamespaceNode } from './namespace-table.ts'

export interface TemplateCopiesOptions {
  readonly core: CatalogCore
  readonly holds: Holds
  readonly schemas: SchemaChecks
}

export interface Copies {
  readonly compares: readonly Compare[]
  readonly operations: readonly Operation[]
}

/**
 * What a namespace hands on to one that is created in it: to a leaf as resources, to an inner one
 * as templates again. What it gets later, or loses, changes nothing in those that are there.
 */
export class TemplateCopies {
  readonly #options: TemplateCopiesOptions

  constructor(options: TemplateCopiesOptions) {
    this.#options = options
  }

  /** Waits until nobody holds a type of which there are templates. */
  async free(parent: Pick<NamespaceNode, 'id'>): Promise<void> {
    const { core, holds } = this.#options
    for (const type of core.tables.templates.counts(parent.id).keys()) await holds.free(type)
  }

  /** Throws what is refused of resources. */
  plan(parent: NamespaceNode, child: Pick<NamespaceNode, 'id' | 'kind'>): Copies {
    const { core, holds } = this.#options
    const family = child.kind === 'leaf' ? FAMILY.resource : FAMILY.template
    const revision = core.view.revision
    const prefix = heldPrefix(FAMILY.template, parent.id)
    const compares: Compare[] = [{ kind: 'unchanged_since', prefix, revision }]
    const operations: Operation[] = []
    for (const type of core.tables.templates.counts(parent.id).keys()) {
      const draft = this.#draft(type, family, { from: parent.id, to: child.id })
      const changes = Array.from(draft.changes())
      const hosts = markHosts(
        family === FAMILY.resource ? changes : [],
        core.tables.hosts,
        revision,
      )
      compares.push(holds.isAsSeen(type), ...hosts.compares)
      operations.push(...planRows(family, changes).operations, ...hosts.operations)
    }
    return { compares, operations }
  }

  #draft(
    name: string,
    family: ListFamily,
    { from, to }: { readonly from: string; readonly to: string },
  ): RowDraft {
    const { core, schemas } = this.#options
    const { templates, resources, types } = core.tables
    const type = types.get(name)
    const draft = new RowDraft({
      table: family === FAMILY.resource ? resources : templates,
      type,
      checkSchema: (properties) => {
        schemas.check(type, properties)
      },
    })
    for (const { properties } of templates.rows(name, from)) {
      draft.add(to, { id: drawUuid(core.options.random), properties })
    }
    return draft
  }
}
