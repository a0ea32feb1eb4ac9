import fc from 'fast-check'
import { expect, test } from 'vitest'
import { liveRecord, looseEntry } from '../testing/replication-harness.ts'
import type { Entry } from './entry.ts'
import { Homes, type Standing } from './homes.ts'
import type { Origin } from './stamp.ts'

const ORIGINS: readonly Origin[] = [
  { node: 'a', inc: 1 },
  { node: 'a', inc: 2 },
  { node: 'b', inc: 1 },
]
const STANDINGS: readonly Standing[] = ['trusted', 'lost']
const textOf = ({ node, inc }: Origin) => `${node} ${inc}`

/** Where everybody hangs, and whom the walker of each group has yet to hand out. */
interface Model {
  readonly homes: Map<Entry, string>
  readonly owed: Map<string, Set<Entry>>
  readonly standings: Map<string, Standing>
  /** The standing that each group was given. */
  readonly given: Map<string, Standing>
}

interface Real {
  readonly homes: Homes
  readonly entries: readonly Entry[]
}

function entryAt({ entries }: Real, at: number): Entry {
  const entry = entries[at % entries.length]
  if (!entry) throw new Error(`no entry ${at}`)
  return entry
}

const standingOf = (model: Model, home: string) => model.standings.get(home) ?? 'trusted'

function membersOf(model: Model, home: string): Entry[] {
  return [...model.homes].filter(([, at]) => at === home).map(([entry]) => entry)
}

/** Moves an entry in both. A copy of the origin stands for one that came from a peer. */
function place(model: Model, real: Real, move: Move): void {
  const entry = entryAt(real, move.entry)
  const origin = ORIGINS[move.to]
  const before = model.homes.get(entry)
  const after = origin && textOf(origin)
  real.homes.place(entry, origin && { ...origin })
  if (before === after) return
  if (before !== undefined) {
    model.owed.get(before)?.delete(entry)
    model.homes.delete(entry)
    if (membersOf(model, before).length === 0) model.given.delete(before)
  }
  if (after === undefined) return
  if (!model.given.has(after)) model.given.set(after, standingOf(model, after))
  model.homes.set(entry, after)
}

function check(model: Model, { homes }: Real): void {
  const groups = [...homes.groups()]
  expect(groups.map(({ origin }) => textOf(origin)).toSorted()).toEqual(
    [...new Set(model.homes.values())].toSorted(),
  )
  for (const group of groups) {
    const home = textOf(group.origin)
    const hanging: Entry[] = []
    let previous: Entry | null = null
    for (let entry = group.head; entry; entry = entry.homeNext) {
      expect(entry.homePrevious).toBe(previous)
      expect(entry.home).toBe(group)
      hanging.push(entry)
      previous = entry
    }
    expect(new Set(hanging)).toEqual(new Set(membersOf(model, home)))
    expect(group.size).toBe(hanging.length)
    expect(group.standing).toBe(model.given.get(home))
  }
}

interface Move {
  readonly entry: number
  /** Of `ORIGINS`; beyond them, nowhere. */
  readonly to: number
}

class Place implements fc.Command<Model, Real> {
  readonly #move: Move
  constructor(move: Move) {
    this.#move = move
  }
  check = () => true
  run(model: Model, real: Real) {
    place(model, real, this.#move)
    check(model, real)
  }
  toString = () => `place(${JSON.stringify(this.#move)})`
}

class Change implements fc.Command<Model, Real> {
  readonly #origin: number
  readonly #standing: number
  constructor(origin: number, standing: number) {
    this.#origin = origin
    this.#standing = standing
  }
  check = () => true
  run(model: Model, real: Real) {
    const origin = ORIGINS[this.#origin]
    const standing = STANDINGS[this.#standing]
    if (!origin || !standing) return
    model.standings.set(textOf(origin), standing)
    real.homes.review()
    for (const [home, given] of model.given) {
      if (given === standingOf(model, home)) continue
      model.given.set(home, standingOf(model, home))
      model.owed.set(home, new Set(membersOf(model, home)))
    }
    check(model, real)
  }
  toString = () => `change(${this.#origin}, ${STANDINGS[this.#standing]})`
}

class Attend implements fc.Command<Model, Real> {
  readonly #limit: number
  readonly #moves: readonly (Move | null)[]
  constructor(limit: number, moves: readonly (Move | null)[]) {
    this.#limit = limit
    this.#moves = moves
  }
  check = () => true
  run(model: Model, real: Real) {
    let visits = 0
    real.homes.attend(this.#limit, (entry) => {
      const home = model.homes.get(entry) ?? ''
      // Handed out once for each change of its home's standing, and only if it was there then.
      expect(model.owed.get(home)?.delete(entry)).toBe(true)
      const move = this.#moves[visits]
      visits += 1
      if (move) place(model, real, move)
    })
    expect(visits).toBeLessThanOrEqual(this.#limit)
    const left = [...model.owed.values()].reduce((sum, { size }) => sum + size, 0)
    if (visits < this.#limit) expect(left).toBe(0)
    check(model, real)
  }
  toString = () => `attend(${this.#limit}, ${JSON.stringify(this.#moves)})`
}

const move = fc.record({ entry: fc.nat(7), to: fc.nat(ORIGINS.length) })

test('groups hold exactly what hangs under each home, and a walk misses nobody and repeats nobody', () => {
  const commands = [
    move.map((one) => new Place(one)),
    move.map((one) => new Place(one)),
    fc.tuple(fc.nat(2), fc.nat(1)).map(([origin, standing]) => new Change(origin, standing)),
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.array(fc.option(move), { maxLength: 6 }))
      .map(([limit, moves]) => new Attend(limit, moves)),
  ]
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (run) => {
      const model: Model = {
        homes: new Map(),
        owed: new Map(),
        standings: new Map(),
        given: new Map(),
      }
      const homes = new Homes((origin) => standingOf(model, textOf(origin)))
      const entries = Array.from({ length: 8 }, (_, at) => looseEntry(`i${at}`, liveRecord()))
      fc.modelRun(() => ({ model, real: { homes, entries } }), run)
    }),
    { numRuns: 60 },
  )
})
