/** What a write needs for itself on this node, and what it shares with others that only share it. */
export interface Claims {
  readonly shared?: readonly string[]
  readonly exclusive?: readonly string[]
}

interface Lane {
  /** The last that had it alone, and those that share it since. */
  exclusive: Promise<void> | undefined
  readonly shared: Set<Promise<void>>
}

/**
 * Lines of writes on this node, one for each object: who reads it, decides and writes it waits
 * for whoever began before. Other nodes still may come between; that is what compares are for,
 * and this only spares those of one node losing to each other.
 *
 * A write takes its place in all its lines in one step, so that no two wait for each other.
 */
export class WriteQueue {
  readonly #lanes = new Map<string, Lane>()

  /** Runs `act` when nobody before has what it claims. */
  async run<Answer>(claims: Claims, act: () => Promise<Answer>): Promise<Answer> {
    const exclusive = new Set(claims.exclusive)
    const shared = new Set(claims.shared)
    const before: Promise<void>[] = []
    let leave = () => {}
    const done = new Promise<void>((resolve) => {
      leave = resolve
    })
    for (const name of shared) before.push(...this.#share(name, done))
    for (const name of exclusive) before.push(...this.#take(name, done))
    try {
      if (before.length > 0) await Promise.all(before)
      return await act()
    } finally {
      leave()
      for (const name of shared) this.#leave(name, done)
      for (const name of exclusive) this.#leave(name, done)
    }
  }

  /** How many lines there are. */
  get size(): number {
    return this.#lanes.size
  }

  #share(name: string, done: Promise<void>): readonly Promise<void>[] {
    const lane = this.#lane(name)
    lane.shared.add(done)
    return lane.exclusive ? [lane.exclusive] : []
  }

  #take(name: string, done: Promise<void>): readonly Promise<void>[] {
    const lane = this.#lane(name)
    const before = lane.exclusive ? [lane.exclusive, ...lane.shared] : [...lane.shared]
    lane.exclusive = done
    // They are waited for by this one, and whoever comes waits for it.
    lane.shared.clear()
    return before
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name)
    if (known) return known
    const lane: Lane = { exclusive: undefined, shared: new Set() }
    this.#lanes.set(name, lane)
    return lane
  }

  #leave(name: string, done: Promise<void>): void {
    const lane = this.#lanes.get(name)
    if (!lane) return
    lane.shared.delete(done)
    if (lane.exclusive === done) lane.exclusive = undefined
    if (!lane.exclusive && lane.shared.size === 0) this.#lanes.delete(name)
  }
}
