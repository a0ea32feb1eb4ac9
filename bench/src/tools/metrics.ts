/**
 * Reading the page that a node shows to Prometheus.
 *
 * @module
 */

/** Every sample by its series, labels included: `name{label="value"}`. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, series, value] = /^([a-zA-Z_:][^ ]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
    if (series !== undefined && value !== undefined) samples.set(series, Number(value))
  }
  return samples
}

/** One sample. Throws when there is no such series: a renamed metric must not read as 0. */
export function sampleOf(samples: ReadonlyMap<string, number>, series: string): number {
  const value = samples.get(series)
  if (value === undefined) throw new Error(`The node has no metric ${series}.`)
  return value
}
