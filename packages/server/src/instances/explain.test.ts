import { expect, test } from 'vitest'
import { setUpPlane, type PlaneHarness } from '../testing/index.ts'
import type { ExplainQuery } from './explain.ts'

const WEB = { env: 'default', service: 'web' }
const A = { ...WEB, id: 'a' }

interface Row {
  readonly verdict: string
  readonly query?: ExplainQuery
  readonly story: (it: PlaneHarness) => void
  /** What a person must find in the sentence. */
  readonly says: RegExp
  readonly isShown: boolean
}

const rows: readonly Row[] = [
  {
    verdict: 'visible',
    story: (it) => it.register(),
    says: /^Instance "a" of "web" is registered and shown as up, last renewal 20\d\d-/,
    isShown: true,
  },
  {
    verdict: 'visible',
    query: WEB,
    story: (it) => {
      it.register({ id: 'b' }, { status: 'down' })
      it.register()
      it.register({ id: 'c' })
      it.plane.cancel(it.ref({ id: 'c' }))
    },
    says: /^Service "web" is registered and shown as up/,
    isShown: true,
  },
  {
    verdict: 'held_by_status',
    story: (it) => it.register({}, { status: 'starting' }),
    says: /its status is "starting": its client says so/,
    isShown: true,
  },
  {
    verdict: 'held_by_status',
    story: (it) => {
      it.register()
      it.plane.set(it.ref(), { statusOverride: 'out_of_service' })
    },
    says: /its status is "out_of_service": an operator set that/,
    isShown: true,
  },
  {
    verdict: 'cancelled',
    story: (it) => {
      it.register()
      it.plane.cancel(it.ref())
    },
    says: /was cancelled at 20\d\d-.*only a new registration brings it back/,
    isShown: false,
  },
  {
    verdict: 'evicted',
    story: (it) => {
      it.register()
      it.run(92_000)
    },
    says: /was evicted at 20\d\d-.*its ttl of 90000 ms \(last renewal 20\d\d-/,
    isShown: false,
  },
  {
    verdict: 'hidden',
    story: (it) => {
      it.register()
      it.stall(10_000)
      it.run(92_000)
    },
    says: /is hidden: its home "n1" is lost and nobody claimed it\. A renewal/,
    isShown: false,
  },
  {
    verdict: 'protected',
    story: (it) => {
      it.register()
      const others = it.registerMany(20)
      it.keepAlive([...others, 'a'], 270_000)
      it.run(92_000)
    },
    says: /has not renewed in time: protection \((node_)?mass_lapse\) keeps it since 20\d\d-/,
    isShown: true,
  },
  {
    verdict: 'never_registered',
    story: () => undefined,
    says: /has never registered in env "default" with this node/,
    isShown: false,
  },
  {
    verdict: 'other_env',
    story: (it) => {
      it.register({ env: 'test' })
    },
    says: /not registered in env "default" but in env "test", zone "z1"\./,
    isShown: false,
  },
  {
    verdict: 'other_zone',
    query: { ...A, zone: 'z9' },
    story: (it) => it.register(),
    says: /not registered in zone "z9" but in env "default", zone "z1"\./,
    isShown: false,
  },
  {
    verdict: 'other_zone',
    query: { ...WEB, zone: 'z9' },
    story: (it) => it.register(),
    says: /^Service "web" is not registered in zone "z9"/,
    isShown: false,
  },
]

test.each(rows)('$verdict: $says', ({ verdict, query = A, story, says, isShown }) => {
  const it = setUpPlane()
  story(it)
  const explanation = it.plane.explain(query)
  expect(explanation.verdict).toBe(verdict)
  expect(explanation.sentence).toMatch(says)
  expect(explanation.instance?.id).toBe(isShown ? 'a' : undefined)
})

test('where else something of the name is shown is told whatever the verdict', () => {
  const it = setUpPlane()
  it.register()
  it.plane.cancel(it.ref())
  it.register({ env: 'test' })
  it.register({ zone: 'z2' })
  const { verdict, elsewhere } = it.plane.explain({ ...A, zone: 'z1' })
  expect(verdict).toBe('cancelled')
  expect(elsewhere).toEqual([
    { env: 'default', zone: 'z2', id: 'a' },
    { env: 'test', zone: 'z1', id: 'a' },
  ])
})

test('of several zones the explanation is about the one nearest to being usable', () => {
  const it = setUpPlane()
  it.register({ zone: 'z1' })
  it.register({ zone: 'z2' }, { status: 'down' })
  it.plane.cancel(it.ref({ zone: 'z1' }))
  expect(it.plane.explain(A)).toMatchObject({
    verdict: 'held_by_status',
    instance: { zone: 'z2' },
  })
})

test('elsewhere is bounded, and the word of an operator on protection is no instance', () => {
  const it = setUpPlane()
  for (let at = 0; at < 30; at += 1) it.register({ env: `e${at}` })
  expect(it.plane.explain(A).elsewhere).toHaveLength(20)
  it.register({ id: 'b' })
  it.plane.protect(WEB, 'forbid')
  it.plane.cancel(it.ref({ id: 'b' }))
  expect(it.plane.explain(WEB).verdict).toBe('cancelled')
  expect(it.plane.explain({ ...WEB, id: '!protection' }).verdict).not.toBe('visible')
})

test('the history says what happened, in order, and keeps the last 64 events', () => {
  const it = setUpPlane()
  it.register()
  it.register({}, { version: '2' })
  it.plane.set(it.ref(), { statusOverride: 'down' })
  it.plane.set(it.ref(), { statusOverride: null })
  it.run(92_000)
  it.register()
  it.plane.cancel(it.ref())
  const { history } = it.plane.explain(A)
  expect(history.map(({ event }) => event)).toEqual([
    'registered',
    'content_set',
    'override_set',
    'override_lifted',
    'evicted',
    'registered',
    'cancelled',
  ])
  expect(history.map(({ atMs }) => atMs)).toEqual(history.map(({ atMs }) => atMs).toSorted())
  for (let at = 0; at < 100; at += 1) it.register({}, { version: `v${at}` })
  const after = it.plane.explain(A).history
  expect(after).toHaveLength(64)
  expect(after.every(({ event }) => event === 'content_set')).toBe(true)
})
