/**
 * The namespaces of a catalog and all that is in them, and whether the keys in the engine are a
 * tree at all.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util'
import { RegistryError } from '@rollcall/protocol/errors'
import { expect } from 'vitest'
import type { Catalog } from '../catalog/catalog.ts'
import type { Engine } from '../catalog/engine.ts'
import type { FakeClock } from '@rollcall/runtime/testing'

const MANY = 100_000

/** By path: what it is, and its resources and templates of some types. */
export function treeContent(catalog: Catalog, types: readonly string[]): Record<string, unknown> {
  const { namespaces, resources } = catalog
  return Object.fromEntries(
    Array.from(namespaces.below(''), (namespace) => {
      const held = types.flatMap((type) =>
        [false, true].flatMap((template) => {
          const isOwn = template === (namespace.kind === 'inner')
          const query = { type, ns: namespace.path, template, limit: MANY }
          return isOwn ? resources.list(query).resources : []
        }),
      )
      return [namespace.path, { namespace, held }]
    }),
  )
}

async function keysOf(engine: Engine, prefix: string): Promise<Map<string, string>> {
  const { entries } = await engine.range({ prefix, limit: 10_000 })
  return new Map(
    entries.map(({ key, value }) => [key.slice(prefix.length), Buffer.from(value).toString()]),
  )
}

/**
 * Every namespace but those that every catalog has stands under its name in its parent, and
 * nothing else does; all can be reached from the root; rows are in namespaces, and no id is twice
 * in one.
 */
export async function checkTreeKeys(engine: Engine, catalog: Catalog): Promise<void> {
  const names = await keysOf(engine, 'n/')
  const nodes = await keysOf(engine, 'i/')
  const written = Array.from(nodes, ([id, text]) => {
    const { parent, name } = JSON.parse(text) as { parent: string; name: string }
    return [`${parent}/${name}`, id] as const
  }).filter(([, id]) => id.length > 1)
  expect(new Map(written)).toEqual(names)
  const reached = new Set(Array.from(catalog.namespaces.below(''), ({ id }) => id))
  for (const id of nodes.keys()) expect(reached).toContain(id)
  const ids = new Set<string>()
  for (const [key, text] of await keysOf(engine, 'r/')) {
    const [ns = '', type = ''] = key.split('/')
    expect(reached).toContain(ns)
    if (type === '!v') continue
    const place = `${ns}/${type}/${(JSON.parse(text) as { _id: string })._id}`
    expect(ids).not.toContain(place)
    ids.add(place)
  }
}

/** How each ended; a refusal is one of the catalog. Time passes for those that pause. */
export async function endings<T>(
  clock: FakeClock,
  promises: readonly Promise<T>[],
): Promise<readonly (T | RegistryError)[]> {
  const left = new Set(promises)
  const ends = promises.map(async (promise) => {
    try {
      return await promise
    } catch (error) {
      if (error instanceof RegistryError) return error
      throw error
    } finally {
      left.delete(promise)
    }
  })
  while (left.size > 0) await clock.advance(5)
  return Promise.all(ends)
}

/** Whether two catalogs hold the same, for messages that tell where they differ. */
export function expectSameTree(one: Catalog, other: Catalog, types: readonly string[]): void {
  const [left, right] = [treeContent(one, types), treeContent(other, types)]
  if (!isDeepStrictEqual(left, right)) expect(left).toEqual(right)
}

/** Begins a little later than what is begun beside it, so that the two meet at every step in turn. */
export async function aLittleLater<T>(steps: number, act: () => Promise<T>): Promise<T> {
  for (let step = 0; step < steps; step += 1) await Promise.resolve()
  return act()
}
