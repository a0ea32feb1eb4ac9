/**
 * What really happened to the keys, revision by revision, as those know who wrote them.
 *
 * @module
 */

/** All that one revision changed: what each key holds from then on; undefined: it is gone. */
export type Step = ReadonlyMap<string, string | undefined>

export class History {
  readonly #steps = new Map<number, Map<string, string | undefined>>()

  /** Several writes may share a revision, where they touch different keys. */
  add(revision: number, step: Step): void {
    const known = this.#steps.get(revision) ?? new Map<string, string | undefined>()
    for (const [key, value] of step) known.set(key, value)
    this.#steps.set(revision, known)
  }

  /** What a revision changed below some prefixes; undefined when that is nothing. */
  step(revision: number, prefixes: readonly string[]): Step | undefined {
    return below(this.#steps.get(revision) ?? new Map<string, string | undefined>(), prefixes)
  }

  /** The revisions after one and up to another that changed something below some prefixes. */
  between(after: number, upTo: number, prefixes: readonly string[]): readonly number[] {
    return [...this.#steps.keys()]
      .filter((revision) => revision > after && revision <= upTo)
      .filter((revision) => this.step(revision, prefixes))
      .sort((left, right) => left - right)
  }

  /** What is below some prefixes in the end. */
  content(prefixes: readonly string[]): ReadonlyMap<string, string> {
    const content = new Map<string, string>()
    for (const revision of this.between(0, Infinity, prefixes)) {
      for (const [key, value] of this.step(revision, prefixes) ?? []) {
        if (value === undefined) content.delete(key)
        else content.set(key, value)
      }
    }
    return content
  }
}

function below(step: Step, prefixes: readonly string[]): Step | undefined {
  const found = [...step].filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix)))
  return found.length === 0 ? undefined : new Map(found)
}
