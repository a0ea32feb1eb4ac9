import type { Clock } from '@rollcall/runtime'

/** What may hold the view back: the watch that feeds it, or the engine itself. */
export type Hindrance = 'watch' | 'engine'

/** Since when, and why, the view may be behind the engine. */
export class Freshness {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #hindrances = new Map<Hindrance, { readonly sinceMs: number; reason: string }>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** The time of the first report counts; the last reason is shown. */
  report(hindrance: Hindrance, reason: string): void {
    const known = this.#hindrances.get(hindrance)
    if (known) known.reason = reason
    else this.#hindrances.set(hindrance, { sinceMs: this.#clock.monotonicMs(), reason })
  }

  clear(hindrance: Hindrance): void {
    this.#hindrances.delete(hindrance)
  }

  /** Undefined while the view follows the engine. */
  staleMs(): number | undefined {
    if (this.#hindrances.size === 0) return undefined
    const since = Array.from(this.#hindrances.values(), ({ sinceMs }) => sinceMs)
    return Math.round(this.#clock.monotonicMs() - Math.min(...since))
  }

  /** What is wrong with the engine says more than what follows from it. */
  reason(): string | undefined {
    return (this.#hindrances.get('engine') ?? this.#hindrances.get('watch'))?.reason
  }
}
