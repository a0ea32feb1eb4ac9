/**
 * Namespaces and what they hold against a simple model, while two nodes take turns.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { checkTreeKeys, endings, expectSameTree } from '../../testing/tree-content.ts'
import type { CatalogPlane } from '../plane.ts'

const TYPES = ['deploy', 'note']
/** A text of each row, which its copies keep: by this and by its name the model knows a row of a namespace. */
const MARK = 'mark'

interface Node {
  readonly id: string
  parent: string
  name: string
  readonly kind: 'leaf' | 'inner'
}

interface Row {
  ns: string
  readonly template: boolean
  readonly type: string
  name: string
  readonly mark: string
}

class Refused extends Error {}

function refuse(code: string): never {
  throw new Refused(code)
}

class Model {
  nodes: Node[] = [
    { id: 'root', parent: '', name: '', kind: 'inner' },
    { id: 'pool', parent: 'root', name: 'pool', kind: 'leaf' },
  ]
  rows: Row[] = []
  #made = 0

  make(prefix: string): string {
    this.#made += 1
    return `${prefix}${this.#made}`
  }

  get(path: string): Node {
    let node = this.nodes[0] as Node
    for (const name of path === '' ? [] : path.split('/')) {
      node = this.child(node.id, name) ?? refuse('namespace_not_found')
    }
    return node
  }

  child(parent: string, name: string): Node | undefined {
    return this.nodes.find((node) => node.parent === parent && node.name === name)
  }

  of(path: string, kind: Node['kind']): Node {
    const node = this.get(path)
    return node.kind === kind ? node : refuse('invalid_parent')
  }

  pathOf(node: Node): string {
    if (node.parent === '') return ''
    const above = this.pathOf(this.nodes.find(({ id }) => id === node.parent) as Node)
    return above === '' ? node.name : `${above}/${node.name}`
  }

  isIn(node: Node, above: Node): boolean {
    if (node.id === above.id) return true
    const parent = this.nodes.find(({ id }) => id === node.parent)
    return parent !== undefined && this.isIn(parent, above)
  }

  put(row: Row): void {
    if (row.type === 'deploy' && this.rows.some((other) => this.#clash(row, other))) {
      refuse('already_exists')
    }
    this.rows.push(row)
  }

  #clash(row: Row, other: Row): boolean {
    return (['ns', 'template', 'type', 'name'] as const).every(
      (field) => row[field] === other[field],
    )
  }

  /** As `told` shows a catalog. */
  told(): unknown {
    const told = this.nodes.map((node) => [
      this.pathOf(node),
      node.kind,
      this.rows
        .filter(({ ns }) => ns === node.id)
        .map(({ type, name, mark }) => `${type} ${name} ${mark}`)
        .toSorted(),
    ])
    return told.toSorted(byPath)
  }
}

function told({ namespaces, resources }: CatalogPlane): unknown {
  const all = Array.from(namespaces.below(''), ({ path, kind }) => {
    const rows = TYPES.flatMap((type) =>
      resources
        .list({ type, ns: path, template: kind === 'inner', limit: 1_000 })
        .resources.map(({ properties }) => `${type} ${properties['name']} ${properties[MARK]}`),
    )
    return [path, kind, rows.toSorted()]
  })
  return all.toSorted(byPath)
}

function byPath([left]: readonly unknown[], [right]: readonly unknown[]): number {
  return String(left) < String(right) ? -1 : 1
}

interface Turn {
  readonly catalog: CatalogPlane
  readonly model: Model
}

/** Does something to the model, which may refuse it, and answers how to do it to the catalog. */
type Step = (turn: Turn) => () => Promise<unknown>

const path = fc.constantFrom('', 'a', 'a', 'b', 'a/a', 'b/a', 'pool', 'pool')
const name = fc.constantFrom('a', 'b')
const kind = fc.constantFrom('leaf' as const, 'inner' as const)
const type = fc.constantFrom('deploy', 'note')
const nth = fc.nat(2)

/** A resource that the catalog shows in a leaf, as the model has it; the id is one of none where there is none. */
function pick({ catalog, model }: Turn, ns: string, which: { type: string; nth: number }) {
  const node = model.of(ns, 'leaf')
  const { resources } = catalog.resources.list({ type: which.type, ns, limit: 10 })
  const found = resources[which.nth % Math.max(resources.length, 1)]
  const { [MARK]: mark, name } = found?.properties ?? {}
  const row = model.rows.find((row) => row.ns === node.id && row.mark === mark && row.name === name)
  return { row, id: found?.id ?? 'none' }
}

const create = fc.record({ path, name, kind }).map(({ path, name, kind }): Step => {
  return ({ catalog, model }) => {
    const act = () => catalog.namespaces.create(path, { name, kind })
    return attempt(act, () => {
      const parent = model.of(path, 'inner')
      if (model.child(parent.id, name)) refuse('already_exists')
      const node: Node = { id: model.make('n'), parent: parent.id, name, kind }
      model.nodes.push(node)
      for (const row of model.rows.filter((row) => row.ns === parent.id && row.template)) {
        model.rows.push({ ...row, ns: node.id, template: kind === 'inner' })
      }
    })
  }
})

const change = fc.record({ path, parent: path, name }).map(({ path, parent, name }): Step => {
  return ({ catalog, model }) => {
    const act = () => catalog.namespaces.change(path, { parent, name })
    return attempt(act, () => {
      const node = model.get(path)
      const target = model.of(parent, 'inner')
      if (node.parent === '' || node.id === 'pool') refuse('forbidden')
      const other = model.child(target.id, name)
      if (other === node) return
      if (other) refuse('already_exists')
      if (model.isIn(target, node)) refuse('would_cycle')
      node.parent = target.id
      node.name = name
    })
  }
})

const remove = path.map((path): Step => {
  return ({ catalog, model }) =>
    attempt(
      () => catalog.namespaces.delete(path),
      () => {
        const node = model.get(path)
        if (node.parent === '' || node.id === 'pool') refuse('forbidden')
        if (model.nodes.some(({ parent }) => parent === node.id)) refuse('not_empty')
        model.nodes = model.nodes.filter((other) => other !== node)
        model.rows = model.rows.filter(({ ns }) => ns !== node.id)
      },
    )
})

const add = fc
  .record({ path, type, name, template: fc.boolean() })
  .map(({ path: ns, type, name, template }): Step => {
    return ({ catalog, model }) => {
      const mark = model.make('m')
      const properties = { name, [MARK]: mark }
      return attempt(
        () => catalog.resources.add({ type, ns, template }, { properties }),
        () => {
          const node = model.of(ns, template ? 'inner' : 'leaf')
          model.put({ ns: node.id, template, type, name, mark })
        },
      )
    }
  })

const rename = fc.record({ path, type, nth, name }).map(({ path: ns, type, nth, name }): Step => {
  return (turn) => {
    const { catalog, model } = turn
    const { id, row } = peek(turn, ns, { type, nth })
    return attempt(
      () => catalog.resources.batch(type, [{ update: { ns, id, properties: { name } } }]),
      () => {
        model.of(ns, 'leaf')
        const found = row ?? refuse('resource_not_found')
        model.rows = model.rows.filter((other) => other !== found)
        try {
          model.put({ ...found, name })
        } catch (error) {
          model.rows.push(found)
          throw error
        }
      },
    )
  }
})

const transfer = fc
  .record({ how: fc.constantFrom('move' as const, 'copy' as const), path, to: path, type, nth })
  .map(({ how, path: from, to, type, nth }): Step => {
    return (turn) => {
      const { catalog, model } = turn
      const { id, row } = peek(turn, from, { type, nth })
      return attempt(
        () => catalog.resources[how]({ type, from, to, ids: [id] }),
        () => {
          if (from === to) refuse('invalid_argument')
          model.of(from, 'leaf')
          const target = model.of(to, 'leaf')
          const found = row ?? refuse('resource_not_found')
          model.put({ ...found, ns: target.id })
          if (how === 'move') model.rows = model.rows.filter((other) => other !== found)
        },
      )
    }
  })

const replace = fc
  .record({ path, type, names: fc.uniqueArray(name) })
  .map(({ path: ns, type, names }): Step => {
    return ({ catalog, model }) => {
      const rows = names.map((name) => ({ properties: { name, [MARK]: model.make('m') } }))
      return attempt(
        () => catalog.resources.replace({ type, ns }, rows),
        () => {
          const node = model.of(ns, 'leaf')
          model.rows = model.rows.filter((row) => row.ns !== node.id || row.type !== type)
          for (const { properties } of rows) {
            const { name, [MARK]: mark = '' } = properties
            model.put({ ns: node.id, template: false, type, name, mark })
          }
        },
      )
    }
  })

function peek(turn: Turn, ns: string, which: { type: string; nth: number }) {
  try {
    return pick(turn, ns, which)
  } catch (error) {
    if (error instanceof Refused) return { id: 'none', row: undefined }
    throw error
  }
}

/** The catalog has to refuse what the model refuses, with the same code. */
function attempt(act: () => Promise<unknown>, onModel: () => void): () => Promise<unknown> {
  try {
    onModel()
    return act
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return async () => {
      await expect(act()).rejects.toMatchObject({ code: error.message })
    }
  }
}

const step = fc.oneof(
  { weight: 3, arbitrary: create },
  { weight: 1, arbitrary: fc.oneof(change, remove, replace) },
  { weight: 4, arbitrary: add },
  { weight: 2, arbitrary: rename },
  { weight: 2, arbitrary: transfer },
)

test('namespaces and their resources are those of a simple model, whichever node writes', async () => {
  const steps = fc.array(fc.tuple(fc.nat(1), step), { minLength: 20, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      await using harness = await setUpCatalog()
      await using other = await harness.another('n2')
      const planes = [harness.catalog, other.catalog]
      const model = new Model()
      for (const [at, step] of steps) {
        const act = step({ catalog: planes[at] as CatalogPlane, model })
        const [end] = await endings(harness.clock, [act()])
        if (end instanceof Error) throw end
        await harness.clock.advance(1)
        for (const plane of planes) expect(told(plane)).toEqual(model.told())
      }
      await checkTreeKeys(harness.engine, harness.catalog)
      await using anew = await harness.another('n3')
      expectSameTree(harness.catalog, anew.catalog, TYPES)
    }),
    { numRuns: 100 },
  )
})
