/**
 * Histograms that cost next to nothing to observe: a request for a key takes some microseconds in
 * all, and prom-client spends one of them on the labels. It still writes them down.
 *
 * @module
 */

import type { Metric, Registry } from 'prom-client'
import type { HistogramDefinition } from './catalog-definitions.ts'

type Labels = Readonly<Record<string, string>>

/** What was observed under one set of labels. */
export class HistogramSeries {
  readonly labels: Labels
  count = 0
  sum = 0
  readonly #bounds: readonly number[]
  /** How many were in each bucket and in none before it; the last is beyond all. */
  readonly #counts: number[]

  constructor(bounds: readonly number[], labels: Labels) {
    this.labels = labels
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.count += 1
    this.sum += value
  }

  /** Each bucket's upper bound, and how many were no greater. */
  *buckets(): Iterable<readonly [bound: number | '+Inf', count: number]> {
    let count = 0
    for (const [at, more] of this.#counts.entries()) {
      count += more
      yield [this.#bounds[at] ?? '+Inf', count]
    }
  }
}

/** One histogram in a registry, with a series for each set of labels. */
export class HistogramFamily {
  readonly #definition: HistogramDefinition
  readonly #series: HistogramSeries[] = []

  constructor(registry: Registry, definition: HistogramDefinition) {
    this.#definition = definition
    const { name, help } = definition
    const get = () =>
      Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values: this.#values() })
    // All that a registry asks of a metric, though its type asks for a class of the library.
    registry.registerMetric({ name, get } as unknown as Metric)
  }

  /** Makes a series; one with labels is shown once something was observed. */
  series(labels: Labels = {}): HistogramSeries {
    const series = new HistogramSeries(this.#definition.buckets, labels)
    this.#series.push(series)
    return series
  }

  #values(): readonly WrittenValue[] {
    const { name } = this.#definition
    return this.#series.filter(isShown).flatMap((series) => {
      const { labels, sum, count } = series
      const buckets = Array.from(series.buckets(), ([le, value]) => ({
        metricName: `${name}_bucket`,
        labels: { le, ...labels },
        value,
      }))
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ]
    })
  }
}

/** A line on the page. */
interface WrittenValue {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

function isShown({ labels, count }: HistogramSeries): boolean {
  return count > 0 || Object.keys(labels).length === 0
}
