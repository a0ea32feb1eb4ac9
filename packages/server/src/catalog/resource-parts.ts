import type { CatalogCore } from './catalog-core.ts'
import { Holds } from './holds.ts'
import type { IdempotentWrites } from './idempotency.ts'
import { NamespaceReads } from './namespaces/namespace-reads.ts'
import { NamespaceStore } from './namespaces/namespace-store.ts'
import { MachineStore } from './machines/machine-store.ts'
import type { Machines, Resources, ResourceTypes } from './resource-catalog.ts'
import { TemplateCopies } from './namespaces/template-copies.ts'
import { TypeStore } from './resource-types/type-store.ts'
import { SchemaChecks } from './resource-types/schema-checks.ts'
import { ResourceStore } from './resources/resource-store.ts'
import { RowWriter } from './resources/row-writer.ts'
import { WriteQueue } from './write-queue.ts'

/** The parts of a plane that are about namespaces and what they hold. */
export interface ResourceParts {
  readonly namespaces: NamespaceStore
  readonly resources: Resources
  readonly machines: Machines
  readonly types: ResourceTypes
}

export function createResourceParts(
  core: CatalogCore,
  idempotent: IdempotentWrites,
): ResourceParts {
  const reads = new NamespaceReads(core)
  const holds = new Holds(core)
  const queue = new WriteQueue()
  const schemas = new SchemaChecks()
  const templates = new TemplateCopies({ core, holds, schemas })
  const writer = new RowWriter({ core, reads, queue, holds, schemas })
  return {
    namespaces: new NamespaceStore({ core, idempotent, reads, templates }),
    resources: new ResourceStore({ core, idempotent, reads, writer }),
    types: new TypeStore({ core, idempotent, reads, queue, holds }),
    machines: new MachineStore({ core, idempotent, reads, writer }),
  }
}
