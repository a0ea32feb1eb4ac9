import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfigFile } from './file-layer.ts'
import { loadConfig } from './load-config.ts'

test('reads a real file, and reports one that is not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-config-'))
  try {
    const path = join(folder, 'rollcall.yaml')
    const load = () =>
      loadConfig({ flags: { config: path }, env: {}, readFile: readConfigFile, hostname: 'h' })
    expect(load).toThrow(`the file ${path} cannot be read (ENOENT)`)
    writeFileSync(path, '\uFEFFzone: Zürich\r\n')
    expect(load).toThrow('zone (')
    writeFileSync(path, '\uFEFFzone: zurich\r\n')
    expect(load().config.zone).toBe('zurich')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
