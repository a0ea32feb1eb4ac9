/**
 * A reader that asks nodes for one service all the time and notes whatever should not be.
 *
 * @module
 */

import type { ServiceView } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { call, serviceUrl } from './http.ts'

const EVERY_MS = 50

/** An answer that should not have been given. */
export interface Lapse {
  readonly url: string
  /** Monotonic milliseconds since the witness began. */
  readonly atMs: number
  /** Expected, and not there. */
  readonly absent: readonly string[]
  /** Forbidden, and there. */
  readonly undead: readonly string[]
}

/**
 * Looks until it is disposed. A node that does not answer, or that says that it is not ready,
 * has said nothing wrong: clients ask another.
 */
export class Witness implements AsyncDisposable {
  /** Who has to be in every answer to a question that is asked from now on. */
  readonly expected: Set<string>
  /** Who must not be in any. */
  readonly forbidden = new Set<string>()
  readonly lapses: Lapse[] = []
  readonly #service: string
  readonly #stopping = new AbortController()
  readonly #runs: Promise<void>[] = []
  readonly #answers = new Map<string, number>()
  readonly #sinceMs = systemClock.monotonicMs()

  /** Starts at once. */
  constructor(options: {
    readonly urls: readonly string[]
    readonly service: string
    readonly expected: readonly string[]
  }) {
    this.#service = options.service
    this.expected = new Set(options.expected)
    for (const url of options.urls) this.lookAt(url)
  }

  /** Looks at one more node. */
  lookAt(url: string): void {
    this.#answers.set(url, 0)
    this.#runs.push(this.#watch(url))
  }

  /** How often a node has answered. */
  answersOf(url: string): number {
    return this.#answers.get(url) ?? 0
  }

  /** Waits until each of these nodes has answered a question that was not asked yet. */
  async lookAgain(urls: readonly string[] = [...this.#answers.keys()]): Promise<void> {
    // The next answer may be to a question of before.
    const least = urls.map((url) => [url, this.answersOf(url) + 2] as const)
    const looked = () => least.every(([url, count]) => this.answersOf(url) >= count) || undefined
    await until('the witness has looked again', looked, { withinMs: 30_000 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#runs)
  }

  async #watch(url: string): Promise<void> {
    do {
      await this.#look(url)
    } while (await systemClock.sleep(EVERY_MS, this.#stopping.signal))
  }

  async #look(url: string): Promise<void> {
    const forbidden = [...this.forbidden]
    const expected = [...this.expected]
    const seen = await idsAt(url, this.#service)
    if (!seen) return
    this.#answers.set(url, this.answersOf(url) + 1)
    const absent = expected.filter((id) => !seen.has(id) && this.expected.has(id))
    const undead = forbidden.filter((id) => seen.has(id) && this.forbidden.has(id))
    if (absent.length + undead.length === 0) return
    const atMs = Math.round(systemClock.monotonicMs() - this.#sinceMs)
    this.lapses.push({ url, atMs, absent, undead })
  }
}

/** Who is in a service as a node tells it; undefined where it gives no answer. */
export async function idsAt(
  url: string,
  service: string,
): Promise<ReadonlySet<string> | undefined> {
  let answer
  try {
    answer = await call(serviceUrl(url, service))
  } catch {
    return undefined // it is stopped, or stands still
  }
  if (answer.status === 503) return undefined
  if (answer.status === 404) return new Set()
  const { instances } = JSON.parse(answer.text) as ServiceView
  return new Set(instances.map(({ id }) => id))
}

/** Waits until each node shows exactly these instances of a service. */
export async function untilAllShow(
  urls: readonly string[],
  shown: { readonly service: string; readonly ids: readonly string[]; readonly withinMs: number },
): Promise<void> {
  const { service, ids, withinMs } = shown
  const wanted = ids.toSorted().join(' ')
  for (const url of urls) {
    let seen = ''
    const shows = async () => {
      seen = [...((await idsAt(url, service)) ?? ['(no answer)'])].toSorted().join(' ')
      return seen === wanted || undefined
    }
    try {
      await until(`${url} shows ${wanted}`, shows, { withinMs })
    } catch (error) {
      throw new Error(`${url} shows ${seen}, and not ${wanted}.`, { cause: error })
    }
  }
}
