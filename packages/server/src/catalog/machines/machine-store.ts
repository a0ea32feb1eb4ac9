import { invalidArgument } from '@rollcall/protocol/errors'
import type { WriteOptions, Written } from '../catalog.ts'
import type { CatalogCore } from '../catalog-core.ts'
import type { IdempotentWrites } from '../idempotency.ts'
import { FAMILY, keyOfPrimary } from '../key-schema.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import { alreadyExists, checkRevision, resourceNotFound, revisionConflict } from '../refusals.ts'
import type { Machines, Properties, Resource, ResourceWritten } from '../resource-catalog.ts'
import { HOSTNAME, MACHINE } from '../resource-types/known-types.ts'
import { presentRow } from '../resources/present-row.ts'
import { mergeProperties } from '../resources/resource-checks.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import type { RowWrite } from '../resources/row-attempt.ts'
import type { RowWriter } from '../resources/row-writer.ts'
import { drawUuid } from '../uuid.ts'
import { Placement } from './placement.ts'

type Patch = Readonly<Record<string, string | null>>
type IfRevision = { readonly ifRevision?: number | undefined }

export interface MachineStoreOptions {
  readonly core: CatalogCore
  readonly idempotent: IdempotentWrites
  readonly reads: NamespaceReads
  readonly writer: RowWriter
}

/** Machines by their hostname, wherever they are in the tree. See `Machines` for the contract. */
export class MachineStore implements Machines {
  readonly #options: MachineStoreOptions
  readonly #placement = new Placement()

  constructor(options: MachineStoreOptions) {
    this.#options = options
  }

  async register(
    hostname: string,
    properties: Properties,
    { idempotency }: WriteOptions = {},
  ): Promise<
    Written & { readonly places: ReadonlyMap<string, string>; readonly created: boolean }
  > {
    const known = this.find(hostname)
    if (known.length > 0) {
      const { revision } = this.#options.core.view
      return { places: placesOf(known), created: false, revision, isBehind: false }
    }
    // An answer that is kept for a repetition is JSON, which has no maps.
    const { resources, ...written } = await this.#options.idempotent.once(idempotency, (marks) =>
      this.#place(hostname, properties, marks),
    )
    return { ...written, places: placesOf(resources) }
  }

  find(hostname: string): readonly Resource[] {
    return this.#rows(hostname).map((row) => this.#present(row))
  }

  async merge(
    hostname: string,
    properties: Patch,
    options: WriteOptions & IfRevision = {},
  ): Promise<ResourceWritten> {
    const { [HOSTNAME]: named = hostname } = properties
    if (named !== hostname) {
      throw invalidArgument('A machine gets another name by a rename.', { field: HOSTNAME })
    }
    return this.#write([hostname], options, (draft) => {
      const rows = this.#asSeen(hostname, options.ifRevision)
      return rows.map((row) => draft.change(row, mergeProperties(row.properties, properties)))
    })
  }

  async rename(
    hostname: string,
    to: {
      readonly hostname: string
      readonly properties?: Properties
      readonly sn?: string | undefined
    },
    options: WriteOptions = {},
  ): Promise<ResourceWritten> {
    const { hostname: name, properties = {}, sn } = to
    return this.#write([hostname, name], options, (draft) => {
      const rows = this.#asSeen(hostname).filter((row) => isOfSerial(row, sn))
      if (rows.length === 0) throw resourceNotFound({ type: MACHINE, id: hostname })
      if (name !== hostname && this.#rows(name).length > 0) {
        const message = `There is a machine "${name}" already; rename or remove that one first.`
        throw alreadyExists(message, { type: MACHINE, primaryKey: HOSTNAME, key: name })
      }
      return rows.map((row) =>
        draft.change(row, mergeProperties(row.properties, { ...properties, [HOSTNAME]: name })),
      )
    })
  }

  async remove(
    hostname: string,
    options: WriteOptions & IfRevision = {},
  ): Promise<ResourceWritten> {
    return this.#write([hostname], options, (draft) => {
      const rows = this.#asSeen(hostname, options.ifRevision)
      for (const row of rows) draft.remove(row)
      return rows
    })
  }

  async #place(hostname: string, properties: Properties, marks: RowWrite['marks']) {
    const { core, writer } = this.#options
    let created = false
    const written = await writer.write({
      type: MACHINE,
      family: FAMILY.resource,
      objects: [hostname],
      marks,
      decide: (draft) => {
        const rows = this.#rows(hostname)
        created = rows.length === 0
        if (!created) return rows
        const own = { ...properties, [HOSTNAME]: hostname }
        return this.#placement
          .of(hostname, core.tables.namespaces)
          .map(({ id }) => draft.add(id, { id: drawUuid(core.options.random), properties: own }))
      },
    })
    return { ...written, created }
  }

  #write(
    objects: readonly string[],
    { idempotency }: WriteOptions,
    decide: RowWrite['decide'],
  ): Promise<ResourceWritten> {
    const { idempotent, writer } = this.#options
    const write = { type: MACHINE, family: FAMILY.resource, objects, decide }
    return idempotent.once(idempotency, (marks) => writer.write({ ...write, marks }))
  }

  #rows(hostname: string): readonly ResourceRow[] {
    return this.#options.core.tables.hosts.rows(keyOfPrimary(hostname))
  }

  /** Throws `resource_not_found`, and `revision_conflict` when a row is newer than that. */
  #asSeen(hostname: string, ifRevision?: number): readonly ResourceRow[] {
    if (ifRevision !== undefined) checkRevision('ifRevision', ifRevision)
    const rows = this.#rows(hostname)
    if (rows.length === 0) throw resourceNotFound({ type: MACHINE, id: hostname })
    const actual = Math.max(...rows.map(({ revision }) => revision))
    if (ifRevision !== undefined && actual > ifRevision) {
      throw revisionConflict({ key: hostname, expected: ifRevision, actual })
    }
    return rows
  }

  #present(row: ResourceRow): Resource {
    return presentRow(row, this.#options.reads.pathOf(row.nsId), row.revision)
  }
}

function placesOf(rows: readonly Resource[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ ns, id }) => [ns, id]))
}

/** One that has no number may be any machine. */
function isOfSerial({ properties }: ResourceRow, sn: string | undefined): boolean {
  const { sn: own = '' } = properties
  return sn === undefined || own === '' || own === sn
}
