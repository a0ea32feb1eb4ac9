/**
 * Writes the reference documents that follow from code: `npm run docs`.
 *
 * Tests beside each renderer fail when a committed document differs.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderConfigReference } from '../packages/server/src/config/config-reference.ts'
import { renderMetricsReference } from '../packages/server/src/telemetry/metrics-reference.ts'

const FOLDER = new URL('../docs/reference/', import.meta.url)

const DOCUMENTS: Readonly<Record<string, () => string>> = {
  'config.md': renderConfigReference,
  'metrics.md': renderMetricsReference,
}

for (const [name, render] of Object.entries(DOCUMENTS)) {
  writeFileSync(fileURLToPath(new URL(name, FOLDER)), render())
  console.log(`wrote docs/reference/${name}`)
}
