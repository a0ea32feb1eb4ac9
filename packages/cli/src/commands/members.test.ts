import { expect, test } from 'vitest'
import type { Member } from '@rollcall/protocol'
import { run } from '../testing/run.ts'
import { refusal, standIn } from '../testing/stand-in.ts'

type OfInstances = Member['planes']['instances']

function memberOf(
  id: string,
  given: Partial<Member> = {},
  plane: Partial<OfInstances> = {},
): Member {
  const instances: OfInstances = {
    state: 'alive',
    lastHeardMs: 740,
    outbox: 0,
    lag: 0,
    digestEqual: true,
    clockOffsetMs: 0,
    ...plane,
  }
  return {
    id,
    http: `http://${id}:7070`,
    zone: 'z1',
    incarnation: 5,
    self: false,
    planes: { instances, catalog: null },
    ...given,
  }
}

const MEMBERS = [
  memberOf('n1', { self: true }),
  memberOf('n2', {}, { outbox: 12, lag: 310, digestEqual: false, clockOffsetMs: -25 }),
  memberOf('n3', {}, { state: 'lost', lastHeardMs: 61_500, lag: 61_000, clockOffsetMs: 1_000 }),
  memberOf('n4', {}, { state: 'lost', lastHeardMs: null, digestEqual: null, clockOffsetMs: null }),
  memberOf(
    'n5',
    {},
    { state: 'removed', lastHeardMs: null, digestEqual: null, clockOffsetMs: null },
  ),
]

test('members shows each node as the one that was asked sees it', async () => {
  await using registry = await standIn(() => ({ status: 200, body: { members: MEMBERS } }))

  const { code, out } = await run(['members', '--server', registry.url])

  expect(code).toBe(0)
  expect(out).toEqual([
    'ID  ADDRESS  ZONE  STATE    HEARD         OUTBOX  LAG     DIGEST   CLOCK',
    'n1  n1:7070  z1    alive    asked         -       -       -        -',
    'n2  n2:7070  z1    alive    740 ms ago    12      310 ms  differs  -25 ms',
    'n3  n3:7070  z1    lost     61500 ms ago  0       61 s    equal    +1 s',
    'n4  n4:7070  z1    lost     never         0       0 s     -        -',
    'n5  n5:7070  z1    removed  -             0       0 s     -        -',
  ])
  expect(registry.seen[0]).toMatchObject({
    method: 'GET',
    path: '/registry/v1/cluster/members',
    query: {},
  })
})

test('members --json is the answer as it came', async () => {
  await using registry = await standIn(() => ({ status: 200, body: { members: MEMBERS } }))
  const { out } = await run(['members', '--json', '--server', registry.url])
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([{ members: MEMBERS }])
})

test('members remove takes out what is dead, and says so when it lives', async () => {
  await using registry = await standIn(({ path }) =>
    path.endsWith('/n%2F3') ? { status: 204 } : { status: 202, body: { planes: ['instances'] } },
  )
  const where = ['--server', registry.url]

  expect(await run(['members', 'remove', 'n/3', ...where])).toMatchObject({
    code: 0,
    out: ['Removed n/3.'],
  })
  expect(await run(['members', 'remove', 'n2', ...where])).toMatchObject({
    code: 0,
    out: ['n2 is alive and was told to leave.'],
  })
  expect(registry.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'DELETE /registry/v1/cluster/members/n%2F3',
    'DELETE /registry/v1/cluster/members/n2',
  ])
})

test('options may stand before remove, and JSON says whether it leaves by itself', async () => {
  await using registry = await standIn(() => ({ status: 202, body: { planes: ['instances'] } }))

  const { code, text } = await run(['members', '--server', registry.url, '--json', 'remove', 'n2'])

  expect({ code, answer: JSON.parse(text) as unknown }).toEqual({
    code: 0,
    answer: { removed: 'n2', leaving: true },
  })
})

test('removing who is no member ends with 3', async () => {
  await using registry = await standIn(() => refusal(404, 'member_not_found'))
  expect(await run(['members', 'remove', 'n9', '--server', registry.url])).toMatchObject({
    code: 3,
    out: [],
    err: ['No: member_not_found.'],
  })
})
