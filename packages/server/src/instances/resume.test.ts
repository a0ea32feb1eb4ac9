import { expect, test } from 'vitest'
import { setUpPlane, type PlaneHarness, type PlaneSetUp } from '../testing/index.ts'

const WEB = { env: 'default', service: 'web' }
const HORIZON_MS = 7_200_000

function setUp(options: PlaneSetUp = {}) {
  const harness = setUpPlane(options)
  return { ...harness, resume: (token: string) => resume(harness, token) }
}

/** What came since a token, sorted: `+id`, `-id reason`; and the token to go on from. */
function resume({ plane }: PlaneHarness, token: string) {
  const resumed = plane.resume(WEB, token)
  if (resumed.kind === 'start_over') return { startOver: resumed.reason }
  const { changed, revision } = resumed.changes
  const seen = [...changed].map(([entry, reason]) =>
    entry.isShown() ? `+${entry.id}` : `-${entry.id} ${reason}`,
  )
  return { seen: seen.toSorted(), token: plane.token(revision) }
}

const tokenOf = ({ plane }: PlaneHarness) => plane.snapshot(WEB).token

test('a token of the last change brings nothing, an older one each later change once', () => {
  const it = setUp()
  it.register({ id: 'a' })
  const token = tokenOf(it)
  expect(it.resume(token)).toEqual({ seen: [], token })
  it.register({ id: 'b' })
  it.register({ service: 'other' })
  it.register({ id: 'b' }, { version: '2' })
  it.plane.cancel(it.ref({ id: 'a' }))
  const after = it.resume(token)
  expect(after).toEqual({ seen: ['+b', '-a cancelled'], token: tokenOf(it) })
  expect(it.resume(after.token ?? '').seen).toEqual([])
})

test('a token is of one service and one life of the node', () => {
  const it = setUp()
  it.register()
  const token = tokenOf(it)
  const restarted = setUp({ wallStartMs: it.clock.wallMs() + 5_000 })
  restarted.register()
  expect(resume(restarted, token)).toEqual({ startOver: 'other_node' })
  const elsewhere = setUp({ node: 'n2' })
  elsewhere.register()
  expect(resume(elsewhere, token)).toEqual({ startOver: 'other_node' })
  expect(it.resume(it.plane.token(99))).toEqual({ startOver: 'other_node' })
})

test('a token outlives a stall that makes the node a new incarnation', () => {
  const it = setUp()
  it.register()
  const token = tokenOf(it)
  it.stall(20_000)
  it.register({ id: 'b' })
  expect(it.resume(token).seen).toEqual(['+b'])
})

test('what is no token is refused', () => {
  const it = setUp()
  const invalid = expect.objectContaining({ code: 'invalid_argument' })
  for (const text of ['', 'x', '1.2', '1.2.', 'A.1.n1', '1.2. n1', `1.2.${'n'.repeat(129)}`]) {
    expect(() => it.resume(text)).toThrow(invalid)
  }
})

test('a token that is older than the ring gets a fresh start, at the very edge it does not', () => {
  const it = setUp({ limits: { changeRingSize: 10 } })
  it.register({ id: 'first' })
  const token = tokenOf(it)
  for (let at = 0; at < 10; at += 1) it.register({ id: `i${at}` })
  expect(it.resume(token).seen).toHaveLength(10)
  it.register({ id: 'last' })
  expect(it.resume(token)).toEqual({ startOver: 'too_old' })
})

test('changes of other services do not age the token of a quiet one', () => {
  const it = setUp({ limits: { changeRingSize: 10 } })
  it.register()
  const token = tokenOf(it)
  for (let at = 0; at < 50; at += 1) it.register({ service: 'busy', id: `i${at}` })
  expect(it.resume(token)).toEqual({ seen: [], token })
})

test('the token of an unknown service waits for it', () => {
  const it = setUp()
  it.register({ service: 'other' })
  const token = tokenOf(it)
  expect(it.plane.snapshot(WEB)).toMatchObject({ known: false, revision: 0 })
  expect(it.resume(token)).toEqual({ seen: [], token })
  it.register({ id: 'a' })
  expect(it.resume(token).seen).toEqual(['+a'])
})

test('a service that was forgotten in between is told of as gone', () => {
  const it = setUp()
  it.register({ id: 'a' })
  const token = tokenOf(it)
  it.plane.cancel(it.ref({ id: 'a' }))
  it.run(HORIZON_MS + 1_250)
  expect(it.plane.snapshot(WEB).known).toBe(false)
  expect(it.resume(token).seen).toEqual(['-a cancelled'])
})

test('a service that was forgotten and made again in between: each instance is told of as it is now', () => {
  const it = setUp()
  it.register({ id: 'a' })
  it.register({ id: 'b' })
  const token = tokenOf(it)
  it.plane.cancel(it.ref({ id: 'a' }))
  it.plane.cancel(it.ref({ id: 'b' }))
  it.run(HORIZON_MS + 1_250)
  it.register({ id: 'b' })
  it.register({ id: 'c' })
  const after = it.resume(token)
  expect(after.seen).toEqual(['+b', '+c', '-a cancelled'])
  expect(it.resume(after.token ?? '').seen).toEqual([])
})

test('an instance that was forgotten and came back while its service stayed is one instance', () => {
  const it = setUp({ limits: { tombstonesMax: 1 } })
  it.register({ id: 'stays' })
  it.register({ id: 'a' })
  const token = tokenOf(it)
  it.plane.cancel(it.ref({ id: 'a' }))
  it.register({ id: 'b' })
  it.plane.cancel(it.ref({ id: 'b' }))
  it.register({ id: 'a' })
  expect(it.resume(token).seen).toEqual(['+a', '-b cancelled'])
})

test('a service that is known by a tombstone alone hands out a token that holds', () => {
  const it = setUp({ limits: { changeRingSize: 10 } })
  it.register({ id: 'old' })
  it.plane.cancel(it.ref({ id: 'old' }))
  it.run(HORIZON_MS + 1_250)
  for (let at = 0; at < 5; at += 1) it.register({ service: 'other', id: `i${at}` })
  expect(() => it.plane.cancel(it.ref(), it.clock.wallMs())).toThrow('no instance')
  const token = tokenOf(it)
  expect(it.plane.snapshot(WEB)).toMatchObject({ known: true, revision: 0 })
  expect(it.resume(token)).toEqual({ seen: [], token })
  for (let at = 5; at < 40; at += 1) it.register({ service: 'other', id: `i${at}` })
  expect(it.resume(token)).toEqual({ seen: [], token })
})

test('the token of a resumption never goes back', () => {
  const it = setUp()
  it.register({ id: 'a' })
  const token = tokenOf(it)
  it.plane.cancel(it.ref({ id: 'a' }))
  it.run(HORIZON_MS + 1_250)
  expect(() => it.plane.cancel(it.ref(), it.clock.wallMs())).toThrow('no instance')
  const after = it.resume(token)
  expect(after.seen).toEqual(['-a cancelled'])
  expect(it.resume(after.token ?? '').seen).toEqual([])
})
