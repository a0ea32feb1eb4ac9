import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

const INCARNATION = 3_481_600_000_000_000

test('the cluster is what the node that answers sees of it', async () => {
  await using t = await setUpApp()
  const answer = await t.api('GET /cluster')
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      node: 'n1',
      version: '0.0.0-test',
      env: 'default',
      zone: 'z1',
      incarnation: INCARNATION,
      startedAt: 1_700_000_000_000,
      instances: {
        ready: true,
        members: 3,
        alive: 2,
        minority: false,
        protected: false,
        records: 7,
        root: '00ff00ff12345678',
      },
      catalog: {
        engine: 'memory',
        state: 'ok',
        revision: 0,
        viewRevision: 0,
        leader: 'n1',
        voters: 1,
        faultTolerance: 0,
        dbBytes: 0,
        quotaBytes: null,
      },
    },
  ])
})

test('the catalog of one machine leads itself', async () => {
  await using t = await setUpApp()
  const answer = await t.api('GET /cluster/leader')
  expect([answer.status, answer.body]).toEqual([
    200,
    { leader: 'n1', http: 'http://127.0.0.1:7070', memberId: null, self: true, term: 0 },
  ])
})

test('the catalog of one machine has no members to change', async () => {
  await using t = await setUpApp()
  const json = { 'content-type': 'application/json' }
  const member = { id: 'n2', raft: '10.0.0.6:7071', http: '10.0.0.6:7070' }
  for (const answer of [
    await t.api('POST /cluster/leader/transfer', { body: {} }),
    await t.api('POST /cluster/members', { body: member }),
    await t.api('POST /cluster/members/n2/promote', { headers: json }),
    await t.api('POST /cluster/members/recover', { body: { force: true } }),
  ]) {
    expect([answer.status, answer.body]).toMatchObject([
      409,
      { code: 'not_a_cluster', details: { engine: 'memory' } },
    ])
  }
})

test('when the process began does not move', async () => {
  await using t = await setUpApp()
  t.run(60_000)
  expect((await t.api('GET /cluster')).body).toMatchObject({ startedAt: 1_700_000_000_000 })
})

test('members are listed with what is known of each, and null where nothing is', async () => {
  await using t = await setUpApp()
  const answer = await t.api('GET /cluster/members')
  expect(answer.status).toBe(200)
  const known = { zone: 'z1', incarnation: INCARNATION }
  const inStep = { outbox: 0, lag: 0 }
  expect(answer.body).toEqual({
    members: [
      {
        ...known,
        id: 'n1',
        http: 'http://127.0.0.1:7070',
        self: true,
        planes: {
          instances: {
            ...inStep,
            state: 'alive',
            lastHeardMs: 0,
            digestEqual: true,
            clockOffsetMs: 0,
          },
          catalog: null,
        },
      },
      {
        ...known,
        id: 'n2',
        http: 'http://10.0.0.2:7070',
        self: false,
        planes: {
          instances: {
            state: 'alive',
            lastHeardMs: 740,
            outbox: 12,
            lag: 310,
            digestEqual: false,
            clockOffsetMs: -25,
          },
          catalog: null,
        },
      },
      {
        ...known,
        id: 'n3',
        http: 'http://[fd00::3]:7070',
        incarnation: 0,
        self: false,
        planes: {
          instances: {
            ...inStep,
            state: 'lost',
            lastHeardMs: null,
            digestEqual: null,
            clockOffsetMs: null,
          },
          catalog: null,
        },
      },
    ],
  })
})

test('removing a member that lives is accepted, one that is dead is done', async () => {
  await using t = await setUpApp()
  const live = await t.api('DELETE /cluster/members/n2')
  expect([live.status, live.body]).toEqual([202, { planes: ['instances'] }])
  const dead = await t.api('DELETE /cluster/members/n3')
  expect([dead.status, dead.text]).toEqual([204, ''])
  expect(t.cluster.ids()).toEqual(['n1'])
  const again = await t.api('DELETE /cluster/members/n3')
  expect([again.status, again.body['code']]).toEqual([404, 'member_not_found'])
})

test('a node may be asked to take itself out', async () => {
  await using t = await setUpApp()
  expect((await t.api('DELETE /cluster/members/n1')).status).toBe(202)
  expect(t.cluster.ids()).toEqual(['n2', 'n3'])
})

test('a node that is not ready shows what it sees, and removes nobody', async () => {
  await using t = await setUpApp()
  t.readiness.block('instances', 'it has heard no other node yet')
  expect((await t.api('GET /cluster')).status).toBe(200)
  expect((await t.api('GET /cluster/members')).status).toBe(200)
  const refused = await t.api('DELETE /cluster/members/n3')
  expect([refused.status, refused.body['code']]).toEqual([503, 'not_ready'])
  expect(t.cluster.ids()).toHaveLength(3)
  expect((await t.api('GET /services')).status).toBe(503)
})

test('who is in the cluster is told to nobody without the token', async () => {
  await using t = await setUpApp({ token: 'secret' })
  for (const line of ['GET /cluster', 'GET /cluster/members', 'DELETE /cluster/members/n3']) {
    expect((await t.api(line)).status).toBe(401)
  }
  expect(t.cluster.ids()).toHaveLength(3)
})
