import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderConfigReference } from './config-reference.ts'
import { describeFields } from './fields.ts'
import { loadConfig } from './load-config.ts'

const committed = new URL('../../../../docs/reference/config.md', import.meta.url)

test('docs/reference/config.md is what the schema says (if not: run `npm run docs`)', () => {
  expect(readFileSync(committed, 'utf8')).toBe(renderConfigReference())
})

test('every field has an article', () => {
  for (const { key } of describeFields()) {
    expect(renderConfigReference()).toContain(`### \`${key}\`\n`)
  }
})

test('the example of the reference loads', () => {
  const example = /```yaml\n(?<text>.*?)```/s.exec(renderConfigReference())?.groups?.['text']
  const readFile = () => example ?? 'missing'
  const { config } = loadConfig({ flags: { config: 'x' }, env: {}, readFile, hostname: 'h' })
  expect(config).toMatchObject({
    id: 'registry-1',
    peers: ['10.0.0.6:7070', '10.0.0.7:7070'],
    limits: { instancesMax: 500_000 },
  })
})
