/**
 * The file: five tables and one way to write to them. A write is a list of puts and removes that
 * LMDB's own thread does in one transaction while the event loop goes on; nothing can fail in
 * the middle of it but the disk.
 *
 * @module
 */

import { open, type Database, type RootDatabase } from 'lmdb'
import { decodeOwner, type Owner } from './owner.ts'
import { decodeState, encodeState, type StoredState } from './state.ts'

export type Table = Database<Buffer, Buffer>

/** One put, or one remove where there is no value. */
export interface StoreWrite {
  readonly table: Table
  readonly key: Buffer
  readonly value: Buffer | undefined
}

/** A stable state of the file that can be read while others write. */
export type ReadTransaction = ReturnType<Table['useReadTransaction']>

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const
const STATE = Buffer.from('state')
const OWNER = Buffer.from('owner')
const PROBE = Buffer.from('probe')
/** Room for this much is room to go on with. */
const PROBE_BYTES = 256 * 1_024

/** A failed commit's promise says little; the reason is a promise beside it. */
interface CommitFailure extends Error {
  readonly commitError?: Promise<never>
}

export class Store {
  readonly kv: Table
  readonly leases: Table
  readonly leased: Table
  readonly log: Table
  readonly #meta: Table
  readonly #root: RootDatabase<Buffer, Buffer>

  private constructor(root: RootDatabase<Buffer, Buffer>) {
    this.#root = root
    this.kv = root.openDB({ name: 'kv', ...BINARY })
    this.leases = root.openDB({ name: 'leases', ...BINARY })
    this.leased = root.openDB({ name: 'leased', ...BINARY })
    this.log = root.openDB({ name: 'log', ...BINARY })
    this.#meta = root.openDB({ name: 'meta', ...BINARY })
  }

  /**
   * Opens the file in a folder that was looked at before; throws what LMDB throws. Answers
   * undefined, with nothing changed, when it holds something else.
   */
  static open(folder: string, { isNew }: { readonly isNew: boolean }): Store | undefined {
    const options = {
      path: folder,
      noSubdir: false,
      // Batching by turn makes promises of its own, whose failure nobody would see.
      eventTurnBatching: false,
      permissionsMode: 0o600,
      ...BINARY,
    }
    const root = open<Buffer, Buffer>(options)
    // A start that was cut off has left no table, or all but the state.
    const isOurs = isNew || isEmpty(root) || hasTable(root, 'meta')
    if (isOurs) return new Store(root)
    void root.close()
    return undefined
  }

  /** Does all writes in one transaction, or none; resolves when the disk has them. */
  async write(writes: readonly StoreWrite[]): Promise<void> {
    try {
      const committed = this.#root.batch(() => {
        for (const { table, key, value } of writes) {
          if (value) void table.put(key, value)
          else void table.remove(key)
        }
      })
      await committed
      await this.#root.flushed
    } catch (error) {
      throw await reasonOf(error)
    }
  }

  /** Undefined in a new file, `unreadable` where it makes no sense. */
  state(): StoredState | 'unreadable' | undefined {
    const bytes = this.#meta.getBinary(STATE)
    return bytes && (decodeState(bytes) ?? 'unreadable')
  }

  putState(state: StoredState): StoreWrite {
    return { table: this.#meta, key: STATE, value: encodeState(state) }
  }

  /** A write that changes nothing that counts, to see whether one succeeds. */
  probe(): StoreWrite {
    return { table: this.#meta, key: PROBE, value: Buffer.alloc(PROBE_BYTES) }
  }

  /** Makes it this process's, in one step; answers who has it if that one lives. */
  takeOwnership(self: Owner, isAlive: (owner: Owner) => boolean): Owner | undefined {
    return this.#meta.transactionSync(() => {
      const bytes = this.#meta.getBinary(OWNER)
      const holder = bytes && decodeOwner(bytes)
      if (holder && isAlive(holder)) return holder
      this.#meta.putSync(OWNER, Buffer.from(JSON.stringify(self)))
      return undefined
    })
  }

  /** Nobody's from now on. */
  giveUpOwnership(): StoreWrite {
    return { table: this.#meta, key: OWNER, value: undefined }
  }

  /** Readers that died keep old pages alive. */
  forgetDeadReaders(): void {
    this.#root.readerCheck()
  }

  /** Waits for writes under way. */
  async close(): Promise<void> {
    await this.#root.close()
  }
}

function isEmpty(root: RootDatabase<Buffer, Buffer>): boolean {
  const { entryCount } = root.getStats() as { readonly entryCount: number }
  return entryCount === 0
}

function hasTable(root: RootDatabase<Buffer, Buffer>, name: string): boolean {
  const options = { name, create: false, ...BINARY }
  // Its types do not know that it answers undefined for a table that it must not create.
  return (root.openDB(options) as unknown) !== undefined
}

async function reasonOf(failure: unknown): Promise<unknown> {
  try {
    await (failure as CommitFailure).commitError
    return failure
  } catch (reason) {
    return reason
  }
}
