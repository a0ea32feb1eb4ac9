/**
 * Whether something grows: a line through it, by least squares.
 *
 * @module
 */

export interface Point {
  readonly x: number
  readonly y: number
}

/** How much `y` grows with each `x`; 0 of fewer than two points. */
export function slopeOf(points: readonly Point[]): number {
  const meanX = meanOf(points.map(({ x }) => x))
  const meanY = meanOf(points.map(({ y }) => y))
  let both = 0
  let squares = 0
  for (const { x, y } of points) {
    both += (x - meanX) * (y - meanY)
    squares += (x - meanX) ** 2
  }
  return squares === 0 ? 0 : both / squares
}

/** The least of each window of `width`, at the middle of the window. */
export function minimaOf(points: readonly Point[], width: number): readonly Point[] {
  const least = new Map<number, number>()
  for (const { x, y } of points) {
    const window = Math.floor(x / width)
    least.set(window, Math.min(least.get(window) ?? y, y))
  }
  return [...least].map(([window, y]) => ({ x: (window + 0.5) * width, y }))
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
