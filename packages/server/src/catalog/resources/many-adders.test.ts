import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, start, systemClock } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryEngine } from '../../engines/memory/index.ts'
import { openLmdbEngine } from '../../engines/lmdb/index.ts'
import { soon } from '../../testing/soon.ts'
import { noCatalogMetrics } from '../catalog-metrics.ts'
import type { Engine } from '../engine.ts'
import { CatalogPlane } from '../plane.ts'

const parts = { clock: systemClock, random: seededRandom(6), log: silentLog }
const HUNDRED = Array.from({ length: 100 }, (_, at) => at)

const ENGINES: readonly [string, () => Promise<Engine & Partial<AsyncDisposable>>][] = [
  ['memory', () => Promise.resolve(createMemoryEngine(parts))],
  [
    'lmdb',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'rollcall-adders-'))
      onTestFinished(() => {
        rmSync(folder, { recursive: true, force: true })
      })
      return openLmdbEngine({ ...parts, folder })
    },
  ],
]

async function planeOn(engine: Engine, node: string) {
  const catalog = new CatalogPlane({
    ...parts,
    node,
    engine,
    metrics: noCatalogMetrics,
    spoolFolder: tmpdir(),
  })
  const runs = start(catalog)
  await soon(`the view of ${node}`, () => catalog.readNow() !== undefined)
  return { catalog, [Symbol.asyncDispose]: () => runs[Symbol.asyncDispose]() }
}

test.each(ENGINES)(
  'a hundred who add and a hundred who create on two nodes at once lose nothing on %s',
  async (_, open) => {
    const engine = await open()
    const engineRuns = start(engine)
    try {
      await using one = await planeOn(engine, 'n1')
      await using two = await planeOn(engine, 'n2')
      const planes = [one.catalog, two.catalog]
      const planeOf = (at: number) => planes[at % 2] as CatalogPlane
      const place = { type: 'deploy', ns: 'pool' }
      const added = await Promise.all([
        ...HUNDRED.map(async (at) => {
          const written = await planeOf(at).resources.add(place, { properties: { name: `r${at}` } })
          return written.revision
        }),
        ...HUNDRED.map(async (at) => {
          const written = await planeOf(at).namespaces.create('', { name: `n${at}`, kind: 'leaf' })
          return written.revision
        }),
      ])
      for (const plane of planes) {
        const { namespaces, resources } = plane
        await plane.readable({ minRevision: Math.max(...added) })
        expect(resources.list({ ...place, limit: 1_000 }).resources).toHaveLength(100)
        expect([...namespaces.below('')]).toHaveLength(102)
      }
    } finally {
      await engineRuns[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]?.()
    }
  },
)
