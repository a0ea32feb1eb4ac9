/**
 * A chart of a few lines over time, as SVG.
 *
 * @module
 */

import type { Point } from './trend.ts'

export interface Line {
  readonly name: string
  readonly points: readonly Point[]
  readonly colour: string
}

/** Lines that share an axis, which begins at 0. */
export interface Panel {
  readonly title: string
  readonly lines: readonly Line[]
}

const WIDTH = 960
const PANEL_HEIGHT = 220
const LEFT = 70
const RIGHT = 20
const TOP = 40
const BOTTOM = 40
const TICKS = 4

/** Draws the panels one below the other over the same time, which is in seconds. */
export function chartOf(title: string, panels: readonly Panel[]): string {
  const seconds = Math.max(1, ...panels.flatMap(({ lines }) => lines.flatMap(lastX)))
  const height = TOP + panels.length * PANEL_HEIGHT
  const drawn = panels.map((panel, at) => panelText(panel, TOP + at * PANEL_HEIGHT, seconds))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${text([LEFT, 24], title, 'font-size="16"')}
${drawn.join('\n')}
</svg>
`
}

function panelText({ title, lines }: Panel, top: number, seconds: number): string {
  const highest = roundUp(Math.max(0, ...lines.flatMap(({ points }) => points.map(({ y }) => y))))
  const from = top + TOP
  const to = top + PANEL_HEIGHT - BOTTOM
  const x = (second: number) => LEFT + (second / seconds) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => to - (value / highest) * (to - from)
  const rows = ticks(highest).map(
    (value) =>
      `<path d="M${LEFT} ${y(value)}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
      text([LEFT - 6, y(value) + 4], `${value}`, 'text-anchor="end"'),
  )
  const columns = ticks(seconds / 60).map((minute) =>
    text([x(minute * 60), to + 16], `${Number(minute.toFixed(1))} min`, 'text-anchor="middle"'),
  )
  const keys = lines.map(({ name, colour }, at) =>
    text([WIDTH - RIGHT - 150 * (lines.length - at), top + TOP - 10], name, `fill="${colour}"`),
  )
  const drawn = lines.map(({ points, colour }) => {
    const path = points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`)
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
  })
  return [text([LEFT, top + TOP - 10], title), ...rows, ...columns, ...keys, ...drawn].join('\n')
}

function text([x, y]: readonly [number, number], content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`
}

function lastX({ points }: Line): readonly number[] {
  const last = points.at(-1)
  return last ? [last.x] : []
}

function ticks(highest: number): readonly number[] {
  return Array.from({ length: TICKS + 1 }, (_, at) => (highest / TICKS) * at)
}

/** Up to a number that four ticks divide well. */
function roundUp(value: number): number {
  if (value <= 0) return 1
  const step = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 4, 6, 8, 10].find((candidate) => candidate * step >= value) ?? 10
  return factor * step
}
