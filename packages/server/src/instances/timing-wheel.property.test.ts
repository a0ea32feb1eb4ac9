import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NOT_DUE, TimingWheel, type Timed } from './timing-wheel.ts'

interface Item extends Timed<Item> {
  readonly name: number
}

/** What the wheel is meant to do, over a plain list. */
interface Model {
  nowMs: number
  /** Second up to which everything was handed out. */
  sweptSecond: number
  readonly due: Map<number, number>
}

interface Real {
  readonly wheel: TimingWheel<Item>
  readonly items: readonly Item[]
}

const SLOTS = 131_072
const secondOf = (ms: number) => Math.floor(ms / 1_000)

function itemAt({ items }: Real, name: number): Item {
  const item = items[name]
  if (!item) throw new Error(`no item ${name}`)
  return item
}

class Schedule implements fc.Command<Model, Real> {
  readonly #name: number
  readonly #inMs: number
  constructor(name: number, inMs: number) {
    this.#name = name
    this.#inMs = inMs
  }
  check = () => true
  run(model: Model, real: Real) {
    const wantedMs = model.nowMs + this.#inMs
    const firstMs = model.sweptSecond * 1_000
    const lastMs = (model.sweptSecond + SLOTS - 1) * 1_000
    model.due.set(this.#name, Math.min(Math.max(wantedMs, firstMs), lastMs))
    real.wheel.schedule(itemAt(real, this.#name), wantedMs)
    expect(itemAt(real, this.#name).dueAtMs).toBe(model.due.get(this.#name))
  }
  toString = () => `schedule(${this.#name}, in ${this.#inMs})`
}

class Cancel implements fc.Command<Model, Real> {
  readonly #name: number
  constructor(name: number) {
    this.#name = name
  }
  check = () => true
  run(model: Model, real: Real) {
    model.due.delete(this.#name)
    real.wheel.cancel(itemAt(real, this.#name))
    expect(itemAt(real, this.#name).dueAtMs).toBe(NOT_DUE)
  }
  toString = () => `cancel(${this.#name})`
}

class Sweep implements fc.Command<Model, Real> {
  readonly #afterMs: number
  readonly #limit: number
  constructor(afterMs: number, limit: number) {
    this.#afterMs = afterMs
    this.#limit = limit
  }
  check = () => true
  run(model: Model, real: Real) {
    model.nowMs += this.#afterMs
    const end = secondOf(model.nowMs)
    const seconds = [...model.due.values()].map(secondOf)
    const overdue = seconds.filter((second) => second < end).sort((a, b) => a - b)
    const out: Item[] = []
    real.wheel.sweep(model.nowMs, this.#limit, (item) => {
      expect(item.dueAtMs).toBe(NOT_DUE)
      out.push(item)
    })
    expect(out).toHaveLength(Math.min(overdue.length, this.#limit))
    // By second, in order; which of one second comes first is the wheel's affair.
    expect(out.map(({ name }) => secondOf(model.due.get(name) ?? -1))).toEqual(
      overdue.slice(0, this.#limit),
    )
    for (const { name } of out) model.due.delete(name)
    const next = overdue[this.#limit]
    model.sweptSecond = Math.max(model.sweptSecond, next ?? end)
  }
  toString = () => `sweep(after ${this.#afterMs}, limit ${this.#limit})`
}

test('the wheel hands out what a plain list would', () => {
  const name = fc.nat(9)
  const inMs = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -2_000, max: 8_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(86_400_000, 200_000_000) },
  )
  const afterMs = fc.oneof(
    { weight: 8, arbitrary: fc.nat(3_000) },
    { weight: 1, arbitrary: fc.constantFrom(140_000_000) },
  )
  const commands = fc.commands(
    [
      fc.tuple(name, inMs).map((at) => new Schedule(...at)),
      name.map((at) => new Cancel(at)),
      fc.tuple(afterMs, fc.constantFrom(0, 1, 2, 5, 100)).map((at) => new Sweep(...at)),
    ],
    { maxCommands: 60 },
  )
  fc.assert(
    fc.property(commands, (steps) => {
      const items = Array.from({ length: 10 }, (_, at) => {
        const item: Item = { name: at, dueAtMs: NOT_DUE, wheelNext: null, wheelPrevious: null }
        return item
      })
      const nowMs = 5_500
      const setUp = () => ({
        model: { nowMs, sweptSecond: secondOf(nowMs), due: new Map<number, number>() },
        real: { wheel: new TimingWheel<Item>(nowMs), items },
      })
      fc.modelRun(setUp, steps)
    }),
    { numRuns: 80 },
  )
})

test('an item that is put back while it is visited comes again only when it is due', () => {
  const wheel = new TimingWheel<Item>(0)
  const item: Item = { name: 0, dueAtMs: NOT_DUE, wheelNext: null, wheelPrevious: null }
  const visits: number[] = []
  wheel.schedule(item, 500)
  const visit = (nowMs: number) => {
    wheel.sweep(nowMs, 10, (due) => {
      visits.push(nowMs)
      if (visits.length < 3) wheel.schedule(due, nowMs + 1)
    })
  }
  visit(999)
  expect(visits).toEqual([])
  visit(1_000)
  expect(visits).toEqual([1_000])
  visit(1_999)
  visit(2_000)
  expect(visits).toEqual([1_000, 2_000])
})
