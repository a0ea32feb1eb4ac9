/**
 * Which collect resources the measurements of the monitoring come from, by their names.
 *
 * @module
 */

const SEPARATOR = '.'

/** How many parts of a measurement name its collect, after how many others, by what it begins with. */
const PARTS: Readonly<
  Record<string, { readonly from: number; readonly to: number; readonly min: number }>
> = {
  PROC: { from: 0, to: 2, min: 2 },
  PLUGIN: { from: 0, to: 2, min: 2 },
  PORT: { from: 0, to: Infinity, min: 2 },
  RUN: { from: 1, to: 3, min: 4 },
}

/**
 * The names of collects, each once: of `PROC.bin.cpu.idle` it is `PROC.bin`, of `RUN.API.ping.ms`
 * it is `API.ping`. Measurements of the system itself come from no collect that can be deleted.
 */
export function collectsOf(measurements: readonly string[]): readonly string[] {
  const names = measurements.flatMap((measurement) => {
    const parts = measurement.split(SEPARATOR)
    const which = PARTS[parts[0] ?? '']
    if (!which || parts.length < which.min) return []
    return parts.slice(which.from, which.to).join(SEPARATOR)
  })
  return [...new Set(names)]
}
