/**
 * Holding a type: who writes more resources at once than a commit can compare, or describes the
 * type anew, takes it for himself for a moment. All others compare the key of the hold in each
 * of their commits, so that nothing of the type changes while it is held, on any node; and it
 * changes again when it is given back, so that who has read before begins anew.
 *
 * It hangs on a lease of some seconds: who stops in between holds nobody up for long.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { CatalogCore } from './catalog-core.ts'
import type { Compare, Operation } from './engine.ts'
import { holdKey } from './key-schema.ts'
import { HOLD_MS, READ_WAIT_MS } from './limits.ts'
import { commitOrLose, Lost } from './lost-races.ts'
import { shuttingDown, unavailable } from './refusals.ts'
import { RequestLeases } from './request-leases.ts'

/** A type that is held by this node. */
export interface Hold {
  readonly type: string
  readonly lease: number
  /** It is held still. */
  readonly compare: Compare
  /** Gives it back in the commit that it was taken for. */
  readonly release: Operation
}

const HELD = new Uint8Array(Buffer.from('held'))
const FREE = new Uint8Array(Buffer.from('free'))
const SHARED_MS = 1_000

export class Holds {
  readonly #core: CatalogCore
  readonly #leases: RequestLeases

  constructor(core: CatalogCore) {
    this.#core = core
    const { engine, clock } = core.options
    this.#leases = new RequestLeases({ engine, clock, keptMs: HOLD_MS, sharedMs: SHARED_MS })
  }

  /** Nobody holds the type, nor has since the view was read. */
  isAsSeen(type: string): Compare {
    const { revision, isHeld } = this.#core.tables.types.hold(type)
    const key = holdKey(type)
    // It may have been taken since its caller waited for it to be free.
    if (isHeld) return { kind: 'exists', key, exists: false }
    return { kind: 'revision', key, of: 'mod', is: '=', revision }
  }

  /** Waits until nobody holds the type, as far as the view knows. */
  async free(type: string): Promise<void> {
    const { view, waiters } = this.#core
    while (this.#core.tables.types.hold(type).isHeld) {
      const end = await waiters.wait(view.revision + 1, READ_WAIT_MS)
      if (end === 'stopped') throw shuttingDown()
      if (end === 'late') throw held(type)
    }
  }

  /** Takes the type, and waits for the view to have all that was written before. */
  async take(type: string): Promise<Hold | Lost> {
    await this.free(type)
    const key = holdKey(type)
    const compares = [this.isAsSeen(type)]
    return this.#leases.use(async (lease) => {
      const then: Operation[] = [{ kind: 'put', key, value: HELD, lease }]
      const revision = await commitOrLose(this.#core, { compares, then })
      if (revision instanceof Lost) return revision
      if (await this.#core.isBehind(revision)) {
        throw unavailable('This node does not hear of changes at present; ask another.')
      }
      return {
        type,
        lease,
        compare: { kind: 'revision', key, of: 'mod', is: '=', revision },
        release: { kind: 'put', key, value: FREE },
      }
    })
  }

  /** Gives a type back of which nothing was written. What fails here ends with the lease. */
  async release({ compare, release }: Hold): Promise<void> {
    try {
      const { revision } = await this.#core.commit({ compares: [compare], then: [release] })
      await this.#core.isBehind(revision)
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      const { log } = this.#core.options
      log.warn({ code: error.code, reason: error.message }, 'a type could not be given back')
    }
  }
}

function held(type: string): RegistryError {
  const message = `Somebody else has written many resources of the type "${type}" for a while; try again.`
  return new RegistryError('unavailable', message, { details: { type } })
}
