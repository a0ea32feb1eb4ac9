import { expect, test } from 'vitest'
import { Boot, type BootEnd } from './boot.ts'

interface Case {
  readonly when: string
  readonly seeds?: readonly string[]
  readonly happened?: (boot: Boot) => void
  /** How it ended at a time; undefined: it goes on. */
  readonly ends: readonly (readonly [atMs: number, end: BootEnd | undefined])[]
}

const heard = (boot: Boot, node: string) => {
  boot.answered(node, node)
}
const synced = (boot: Boot, node: string) => {
  heard(boot, node)
  boot.synced(node)
}

const CASES: readonly Case[] = [
  { when: 'nobody is named: alone, at once', seeds: [], ends: [[0, 'alone']] },
  {
    when: 'nobody answers: alone after 5 s',
    ends: [
      [4_999, undefined],
      [5_000, 'alone'],
    ],
  },
  {
    when: 'all told what they know: with peers, at once',
    happened(boot) {
      synced(boot, 'b')
      synced(boot, 'c')
    },
    ends: [[100, 'peers']],
  },
  {
    when: 'one told and another is silent: with peers after 2 s',
    happened(boot) {
      synced(boot, 'b')
    },
    ends: [
      [1_999, undefined],
      [2_000, 'peers'],
    ],
  },
  {
    when: 'one answers and does not tell yet: it is waited for',
    happened(boot) {
      heard(boot, 'b')
    },
    ends: [
      [2_000, undefined],
      [60_000, undefined],
    ],
  },
  {
    when: 'the second has answered and does not tell yet: it is waited for',
    happened(boot) {
      synced(boot, 'b')
      heard(boot, 'c')
    },
    ends: [[4_000, undefined]],
  },
  {
    when: 'the only one who answered is gone before it told: alone after 5 s, others may come',
    happened(boot) {
      heard(boot, 'b')
      boot.gone('b')
    },
    ends: [
      [4_999, undefined],
      [5_000, 'alone'],
    ],
  },
  {
    when: 'one told, and the sync with another failed: with peers, at once',
    happened(boot) {
      synced(boot, 'b')
      heard(boot, 'c')
      boot.gone('c')
    },
    ends: [[100, 'peers']],
  },
  {
    when: 'who told is gone: it has told',
    happened(boot) {
      synced(boot, 'b')
      boot.gone('b')
      synced(boot, 'c')
    },
    ends: [[100, 'peers']],
  },
  {
    when: 'all boot as well: alone, at once',
    happened(boot) {
      for (const node of ['b', 'c']) {
        heard(boot, node)
        boot.unready(node, 0)
      }
    },
    ends: [[100, 'alone']],
  },
  {
    when: 'one boots as well and another is silent: alone after 5 s',
    happened(boot) {
      heard(boot, 'b')
      boot.unready('b', 0)
    },
    ends: [
      [2_000, undefined],
      [5_000, 'alone'],
    ],
  },
  {
    when: 'the named addresses are nobody: alone, at once',
    happened(boot) {
      boot.answered('b', undefined)
      boot.answered('c', undefined)
    },
    ends: [[100, 'alone']],
  },
  {
    when: 'both addresses lead to one peer: with it, at once',
    happened(boot) {
      boot.answered('b', 'n2')
      boot.answered('c', 'n2')
      boot.synced('n2')
    },
    ends: [[100, 'peers']],
  },
  {
    when: 'a node that was expected by name answers at another address: with it, at once',
    seeds: ['n2'],
    happened(boot) {
      boot.answered('10.0.0.2:7400', 'n2')
      boot.synced('n2')
    },
    ends: [[100, 'peers']],
  },
  {
    when: 'somebody who was not named dials us: it is asked too',
    happened(boot) {
      synced(boot, 'b')
      synced(boot, 'c')
      heard(boot, 'n9')
    },
    ends: [[4_000, undefined]],
  },
]

test.each(CASES)('$when', ({ seeds = ['b', 'c'], happened, ends }) => {
  const boot = new Boot(seeds, 1_000)
  happened?.(boot)
  for (const [atMs, end] of ends) expect(boot.end(1_000 + atMs)).toBe(end)
})

test('peers are asked one after the other, those that boot not at all', () => {
  const boot = new Boot(['b', 'c', 'd'], 0)
  expect(boot.next(0)).toBeUndefined()
  for (const node of ['b', 'c', 'd']) heard(boot, node)
  expect(boot.next(0)).toBe('b')
  boot.unready('b', 0)
  expect(boot.next(0)).toBe('c')
  boot.synced('c')
  expect(boot.next(0)).toBe('d')
  boot.gone('d')
  expect(boot.next(0)).toBeUndefined()
  heard(boot, 'd')
  expect(boot.next(0)).toBe('d')
})

test('who booted as well is asked again a second later: by then it may know', () => {
  const boot = new Boot(['a', 'b'], 0)
  boot.answered('b', 'b')
  boot.unready('b', 100)
  expect(boot.next(1_000)).toBeUndefined()
  expect(boot.end(1_000)).toBeUndefined()
  expect(boot.next(1_100)).toBe('b')
  boot.synced('b')
  expect(boot.end(2_000)).toBe('peers')
})
