const SHARDS = 64

/**
 * A map by text in many small ones. One big map doubles in a single step, which at half a
 * million keys holds up the event loop for longer than heartbeats may wait. The small ones are of
 * very different sizes, or they would all double at the same moment.
 */
export class ShardedMap<Value> {
  readonly #shards = Array.from({ length: SHARDS }, () => new Map<string, Value>())
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: string): Value | undefined {
    return this.#shardOf(key).get(key)
  }

  set(key: string, value: Value): void {
    const shard = this.#shardOf(key)
    const sizeBefore = shard.size
    shard.set(key, value)
    this.#size += shard.size - sizeBefore
  }

  /** What is there; if nothing is, it is `value` from now on. */
  getOrAdd(key: string, value: Value): Value {
    const shard = this.#shardOf(key)
    const known = shard.get(key)
    if (known !== undefined) return known
    shard.set(key, value)
    this.#size += 1
    return value
  }

  /** Removes it, and answers what it was. */
  take(key: string): Value | undefined {
    const shard = this.#shardOf(key)
    const value = shard.get(key)
    if (shard.delete(key)) this.#size -= 1
    return value
  }

  #shardOf(key: string): Map<string, Value> {
    let hash = 0
    for (let at = 0; at < key.length; at += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0
    // The low bits of such a sum know little of the first characters.
    const number = (hash ^ (hash >>> 15)) & (SHARDS * SHARDS - 1)
    // The first gets one part of all, the second three, the last 127.
    return this.#shards[Math.floor(Math.sqrt(number))] as Map<string, Value>
  }
}
