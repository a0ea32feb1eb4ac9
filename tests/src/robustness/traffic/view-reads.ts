/**
 * A client of each node that reads what the node knows, one time after the other.
 *
 * @module
 */

import type { KvList } from '@rollcall/protocol'
import { jsonOf } from '../../support/catalog-client.ts'
import { timed } from './recorder.ts'
import { pause, served, type Loaded, type Traffic } from './traffic.ts'

const PATH = '/kv?prefix=r/&keysOnly=1&limit=50'

export class ViewReads implements Traffic {
  readonly #loaded: Loaded

  constructor(loaded: Loaded) {
    this.#loaded = loaded
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clients, recorder } = this.#loaded
    const readers = clients.map(async (client, node) => {
      while (await pause(this.#loaded, signal)) {
        const { answer, ...times } = await timed(() => served(client.ask(PATH), recorder))
        if (!answer) continue
        const { entries, revision } = jsonOf(answer) as KvList
        const found = new Map(entries.map(({ key, modRevision }) => [key, modRevision]))
        recorder.viewReads.push({ node, revision, entries: found, ...times })
      }
    })
    await Promise.all(readers)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
