/**
 * What the clients of a node that is killed again and again have in common.
 *
 * @module
 */

import type { CatalogClient } from '../catalog-client.ts'

/** A client that writes, and knows what a node that comes back may hold of that. */
export interface Worker {
  /** How many of its writes were confirmed so far. */
  readonly confirmed: number
  /** Writes until the node answers no more. What it is refused against its rights it notes. */
  run(client: CatalogClient): Promise<void>
  /**
   * Compares what a node that came back holds with what it may hold, and answers all that is
   * wrong. From then on that is what the worker builds on.
   */
  verify(client: CatalogClient): Promise<readonly string[]>
}
