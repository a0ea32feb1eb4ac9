/**
 * One direction of a connection through a cable.
 *
 * @module
 */

import type { Socket } from 'node:net'
import { systemClock } from '@rollcall/runtime'

/** What a lane asks of its cable. */
export interface Cable {
  readonly isCut: boolean
  readonly delayMs: number
  carriedBytes: number
}

interface Ends {
  readonly from: Socket
  readonly to: Socket
}

/** Bytes, or that the sender has nothing more to say, or that it is gone. */
type Item = Buffer | 'end' | 'gone'

/** Carries what one socket receives to another, in order, when its cable lets it. */
export class TcpLane {
  readonly #cable: Cable
  readonly #from: Socket
  readonly #to: Socket
  readonly #onDone: () => void
  readonly #queue: { readonly item: Item; readonly dueMs: number }[] = []
  #isTimed = false

  /** Begins to read. `onDone` is told once nothing can come any more and all has arrived. */
  constructor(cable: Cable, { from, to }: Ends, onDone: () => void) {
    this.#cable = cable
    this.#from = from
    this.#to = to
    this.#onDone = onDone
    from.on('data', (chunk) => {
      this.#add(chunk)
    })
    from.once('end', () => {
      this.#add('end')
    })
    from.once('close', () => {
      this.#add('gone')
    })
    to.on('drain', () => {
      this.look()
    })
    this.look()
  }

  /** Looks again whether something may go through. Called whenever the cable has changed. */
  look(): void {
    this.#carry()
    if (this.#cable.isCut || this.#to.writableNeedDrain) this.#from.pause()
    else this.#from.resume()
  }

  #add(item: Item): void {
    this.#queue.push({ item, dueMs: systemClock.monotonicMs() + this.#cable.delayMs })
    this.look()
  }

  #carry(): void {
    for (let [first] = this.#queue; first && !this.#cable.isCut; [first] = this.#queue) {
      const leftMs = first.dueMs - systemClock.monotonicMs()
      if (leftMs > 0) {
        this.#lookAfter(leftMs)
        return
      }
      this.#queue.shift()
      this.#deliver(first.item)
    }
  }

  #deliver(item: Item): void {
    if (item === 'gone') {
      this.#to.destroySoon()
      this.#onDone()
    } else if (item === 'end') this.#to.end()
    else if (this.#to.writable) {
      this.#cable.carriedBytes += item.length
      this.#to.write(item)
    }
  }

  #lookAfter(ms: number): void {
    if (this.#isTimed) return
    this.#isTimed = true
    systemClock.after(ms, () => {
      this.#isTimed = false
      this.look()
    })
  }
}
