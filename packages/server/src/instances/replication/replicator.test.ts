import { expect, test } from 'vitest'
import { testNodes } from '../../testing/replication-harness.ts'
import { ClusterStatusView } from './cluster-status.ts'

/** Nodes that know each other, with an instance at each. */
function setUp(names: readonly string[] = ['a', 'b', 'c']) {
  const it = testNodes()
  const nodes = names.map((name) => {
    const node = it.start(
      name,
      names.filter((other) => other !== name),
    )
    return node
  })
  it.run(8_000)
  nodes.forEach((node, at) => {
    expect(node.replicator.state).toEqual({ ready: true, reasons: [] })
    node.register(`of-${names[at]}`)
  })
  it.run(2_000)
  const [a, b] = nodes
  if (!a || !b) throw new Error('two nodes at least')
  return { ...it, nodes, a, b, c: nodes[2] ?? b }
}

type Nodes = ReturnType<typeof setUp>['nodes']

const rootsOf = (nodes: Nodes) =>
  new Set(nodes.map(({ replicator }) => new ClusterStatusView(replicator).status().root))

test('three nodes that start together hold the same, and say so of each other', () => {
  const { nodes, a } = setUp()
  for (const node of nodes) expect(node.ids()).toEqual(['of-a', 'of-b', 'of-c'])
  expect(rootsOf(nodes).size).toBe(1)
  const view = new ClusterStatusView(a.replicator)
  expect(view.status()).toMatchObject({ ready: true, members: 3, alive: 3, minority: false })
  const members = view.members()
  expect(
    members.map(({ id, state, self, outbox, digestEqual }) => [
      id,
      state,
      self,
      outbox,
      digestEqual,
    ]),
  ).toEqual([
    ['a', 'alive', true, 0, true],
    ['b', 'alive', false, 0, true],
    ['c', 'alive', false, 0, true],
  ])
})

test('a node that joins learns everything before it is ready', () => {
  const it = setUp(['a', 'b'])
  const late = it.start('c', ['a'])
  expect(late.replicator.state).toMatchObject({ ready: false })
  it.run(1_500)
  expect(late.replicator.state.ready).toBe(true)
  expect(late.boots).toEqual(['peers'])
  expect(late.ids()).toEqual(['of-a', 'of-b'])
})

test('a node with nobody to ask is ready at once, and one whose seeds are silent after 5 s', () => {
  const it = testNodes()
  expect(it.start('a', []).boots).toEqual(['alone'])
  const lonely = it.start('b', ['nobody'])
  it.run(4_750)
  expect(lonely.boots).toEqual([])
  it.run(500)
  expect(lonely.boots).toEqual(['alone'])
})

test('a node that was removed is not ready and says so; the others forget it', () => {
  const it = setUp()
  expect(it.a.replicator.remove('c')).toBe('alive')
  expect(it.a.replicator.remove('c')).toBeUndefined()
  it.run(2_000)
  expect(it.c.replicator.state.ready).toBe(false)
  expect(it.c.replicator.state.reasons.join()).toContain('removed from the cluster')
  const status = new ClusterStatusView(it.a.replicator)
  expect(status.status().members).toBe(2)
  expect(status.members().find(({ id }) => id === 'c')?.state).toBe('removed')
  // It says beats all the same, and nobody counts on it.
  it.run(5_000)
  expect(it.a.replicator.members.isAlive('c', it.a.plane.core.time.lastMs)).toBe(false)
})

test('a node that died can be removed too', () => {
  const it = setUp()
  it.c.process.kill()
  it.run(6_000)
  expect(it.a.replicator.remove('c')).toBe('dead')
})

test('who leaves tells all who answer before it is done, and is lost to them at once', () => {
  const it = setUp()
  let left = false
  it.c.replicator.leave(() => {
    left = true
  })
  expect(left).toBe(false)
  it.run(500)
  expect(left).toBe(true)
  for (const { plane, replicator } of [it.a, it.b]) {
    const c = plane.core.table.find({
      env: 'default',
      service: 'infra.discovery',
      zone: 'z1',
      id: 'c',
    })
    expect(c?.record.life?.cancelled).toBe(true)
    const home = it.c.plane.core.stamps.origin
    expect(replicator.standing(home)).toBe('lost')
  }
  it.run(2_000)
  expect(it.a.replicator.members.isAlive('c', it.a.plane.core.time.lastMs)).toBe(false)
})

test('who leaves does not wait for those who do not answer', () => {
  const it = setUp()
  it.b.process.kill()
  it.run(6_000)
  let left = false
  it.c.replicator.leave(() => {
    left = true
  })
  it.run(500)
  expect(left).toBe(true)
})

test('with nobody to tell it has left at once', () => {
  const it = testNodes()
  const alone = it.start('a', [])
  let left = false
  alone.replicator.leave(() => {
    left = true
  })
  expect(left).toBe(true)
})

test('after a long stall a node boots again as another incarnation, and keeps its table', () => {
  const it = setUp()
  const { inc } = it.a.plane.core.stamps.origin
  it.a.process.stall()
  it.run(20_000)
  it.b.register('meanwhile')
  it.a.process.resume()
  expect(it.a.plane.core.stamps.origin.inc).toBeGreaterThan(inc)
  expect(it.a.replicator.state).toMatchObject({ ready: false })
  expect(it.a.ids()).toEqual(expect.arrayContaining(['of-a', 'of-b', 'of-c']))
  it.run(2_000)
  expect(it.a.boots).toHaveLength(2)
  expect(it.a.replicator.state.ready).toBe(true)
  expect(it.a.ids()).toEqual(['meanwhile', 'of-a', 'of-b', 'of-c'])
  it.run(2_000)
  expect(rootsOf(it.nodes).size).toBe(1)
})

test('a later incarnation of ours that somebody heard of is outlived', () => {
  const it = setUp()
  const core = it.a.plane.core
  const later = core.stamps.origin.inc + 1_000_000_000
  const beat = { node: 'a', inc: later, counter: 1, ageMs: 0 }
  const { b, a } = it
  a.replicator.received('b', {
    kind: 'batch',
    seq: 1_000_000,
    inc: b.plane.core.stamps.origin.inc,
    wallMs: core.options.clock.wallMs(),
    beats: [beat],
    direct: [],
    root: [0, 0],
    records: [],
  })
  expect(core.stamps.origin.inc).toBeGreaterThan(later)
  expect(a.ids()).toEqual(['of-a', 'of-b', 'of-c'])
  it.run(3_000)
  expect(a.replicator.state.ready).toBe(true)
  expect(rootsOf(it.nodes).size).toBe(1)
})

test('a message for another is passed on to it, and one that was passed on already is not', () => {
  const it = setUp()
  it.links.cut('a', 'c')
  it.run(3_500)
  it.a.register('through-b')
  it.run(500)
  expect(it.c.ids()).toContain('through-b')
  // Whoever says that it relays for somebody else relays for nobody.
  const before = it.c.replicator.members.incarnationOf('x')
  it.b.replicator.received('a', {
    kind: 'relay',
    from: 'x',
    to: 'c',
    message: {
      kind: 'batch',
      seq: 1,
      inc: 9,
      wallMs: 0,
      beats: [{ node: 'x', inc: 9, counter: 1, ageMs: 0 }],
      direct: [],
      root: [0, 0],
      records: [],
    },
  })
  it.run(200)
  expect(it.c.replicator.members.incarnationOf('x')).toBe(before)
})

test('a node whose clock is far from that of two others is not ready, and the others are', () => {
  const it = testNodes()
  const a = it.start('a', ['b', 'c'])
  const b = it.start('b', ['a', 'c'])
  const wrong = it.start('c', ['a', 'b'], { skewMs: 20 * 60_000 })
  it.run(9_000)
  expect(a.replicator.state.ready).toBe(true)
  expect(b.replicator.state.ready).toBe(true)
  expect(wrong.replicator.state.reasons.join()).toContain('20 minutes ahead of')
})

test('a peer that came back is trusted only after a sync', () => {
  const it = setUp()
  for (const [from, to] of [
    ['a', 'b'],
    ['b', 'a'],
    ['b', 'c'],
    ['c', 'b'],
  ] as const)
    it.links.cut(from, to)
  it.run(6_000)
  const home = it.b.plane.core.stamps.origin
  expect(it.a.replicator.standing(home)).toBe('lost')
  it.b.register('meanwhile')
  it.links.healAll()
  const seen: string[] = []
  for (let at = 0; at < 200 && seen.at(-1) !== 'trusted'; at += 1) {
    it.run(20)
    const standing = it.a.replicator.standing(home)
    if (seen.at(-1) !== standing) seen.push(standing)
    if (standing === 'trusted') expect(it.a.ids()).toContain('meanwhile')
  }
  expect(seen.filter((standing) => standing !== 'lost')).toEqual(['doubted', 'trusted'])
})
