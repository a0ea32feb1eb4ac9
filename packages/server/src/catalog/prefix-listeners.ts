/** Listeners of one prefix. */
class Topic<Message> {
  #listeners = new Set<(message: Message) => void>()
  #isTelling = false

  get size(): number {
    return this.#listeners.size
  }

  add(listener: (message: Message) => void): void {
    this.#own().add(listener)
  }

  delete(listener: (message: Message) => void): void {
    this.#own().delete(listener)
  }

  /** Who is added meanwhile is not told, and who is taken off is not told any more. */
  tell(message: Message): void {
    this.#isTelling = true
    try {
      for (const listener of this.#listeners) {
        if (this.#listeners.has(listener)) listener(message)
      }
    } finally {
      this.#isTelling = false
    }
  }

  /** While a set is walked, changes go to a copy. */
  #own(): Set<(message: Message) => void> {
    if (this.#isTelling) this.#listeners = new Set(this.#listeners)
    return this.#listeners
  }
}

/**
 * Who listens below which prefix. To find who hears of a key takes one look-up for each length
 * that a prefix has, however many listen.
 */
export class PrefixListeners<Message> {
  readonly #topics = new Map<string, Topic<Message>>()
  /** How many prefixes have a length. */
  readonly #lengths = new Map<number, number>()

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  /** Answers how to call it off; doing so twice is the same as once. */
  add(prefix: string, listener: (message: Message) => void): () => void {
    const topic = this.#topics.get(prefix) ?? this.#open(prefix)
    // One function may be added several times, each to be called off for itself.
    const own = (message: Message) => {
      listener(message)
    }
    topic.add(own)
    return () => {
      topic.delete(own)
      if (topic.size === 0 && this.#topics.get(prefix) === topic) this.#close(prefix)
    }
  }

  /** The prefixes with listeners that a key lies below. */
  prefixesOf(key: string): readonly string[] {
    const found: string[] = []
    for (const length of this.#lengths.keys()) {
      if (length > key.length) continue
      const prefix = key.slice(0, length)
      if (this.#topics.has(prefix)) found.push(prefix)
    }
    return found
  }

  /** Those with listeners, in no order. */
  prefixes(): Iterable<string> {
    return this.#topics.keys()
  }

  tell(prefix: string, message: Message): void {
    this.#topics.get(prefix)?.tell(message)
  }

  #open(prefix: string): Topic<Message> {
    const topic = new Topic<Message>()
    this.#topics.set(prefix, topic)
    this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1)
    return topic
  }

  #close(prefix: string): void {
    this.#topics.delete(prefix)
    const left = (this.#lengths.get(prefix.length) ?? 0) - 1
    if (left > 0) this.#lengths.set(prefix.length, left)
    else this.#lengths.delete(prefix.length)
  }
}
