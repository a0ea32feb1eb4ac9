import { expect, test } from 'vitest'
import { chartOf } from './chart.ts'

test('a chart has its lines at scale, and escapes what it is given', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 60, y: 4 },
  ]
  const line = { name: 'a & b', colour: '#000', points }
  const svg = chartOf('<t>', [{ title: 'one', lines: [line] }])
  expect(svg).toContain('>&lt;t></text>')
  expect(svg).toContain('>a &amp; b</text>')
  // From the bottom left to the top right of its panel.
  expect(svg).toContain('points="70.0,220.0 940.0,80.0"')
  expect(svg).toContain('>1 min</text>')
})
