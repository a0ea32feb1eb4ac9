import { describe, expect, test } from 'vitest'
import { multipart, setUpRaftd } from './testing/calls.ts'

const NO_LEASE = '"can not find this Lease"'

describe('grant', () => {
  test('answers a bare integer, also in a header', async () => {
    await using s = await setUpRaftd()
    const { status, text, headers } = await s.t.ask('POST /lease/grant?ttl=10&name=/esq/node-1')
    expect(status).toBe(200)
    expect(text).toMatch(/^[1-9]\d*$/)
    expect(Number.isSafeInteger(Number(text))).toBe(true)
    expect(headers['x-lease-id']).toBe(text)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
  })

  test('takes a form of either kind too', async () => {
    await using s = await setUpRaftd()
    const fields = { ttl: ' 10 ', name: 'n' }
    for (const answer of [
      await s.post('/lease/grant', fields),
      await multipart(s.t, 'POST /lease/grant', fields),
    ]) {
      const { text } = await s.t.ask(`GET /lease/timetolive/${answer.text}`)
      expect(JSON.parse(text)).toMatchObject({ name: 'n', ttl: 10 })
    }
  })

  test.each([
    'name=a',
    'ttl=10',
    'ttl=10&name=',
    'ttl=10&name=%20',
    'ttl=0&name=a',
    'ttl=-1&name=a',
    'ttl=1.5&name=a',
    'ttl=ten&name=a',
    'ttl=86401&name=a',
  ])('%s is 400 null', async (query) => {
    await using s = await setUpRaftd()
    const { status, text } = await s.t.ask(`POST /lease/grant?${query}`)
    expect([status, text]).toEqual([400, 'null'])
  })

  test('a name that is too long is 413', async () => {
    await using s = await setUpRaftd()
    const { status } = await s.post('/lease/grant', { ttl: '10', name: 'a'.repeat(513) })
    expect(status).toBe(413)
  })
})

describe('keepalive', () => {
  test('answers null and keeps the value', async () => {
    await using s = await setUpRaftd()
    const id = await s.grant('/esq/node-1')
    const { status, text } = await s.keepAlive(id, 'nodeinfo', '{"weight":1}')
    expect([status, text]).toEqual([200, 'null'])
    expect(await s.kv('nodeinfo', '/esq/node')).toEqual([{ weight: 1 }])
  })

  test('takes a multipart form, or the query', async () => {
    await using s = await setUpRaftd()
    const id = await s.grant('n')
    const url = `/lease/keepalive/${id}`
    await multipart(s.t, `POST ${url}`, { key: 'a', data: '1' })
    await s.t.ask(`POST ${url}?key=b&data=2`)
    await s.post(`${url}?key=ignored&data=3`, { key: 'c' })
    expect(await s.kv('*', 'n')).toEqual([1, 2, 3])
  })

  test('gives its own key a full ttl, and no other', async () => {
    await using s = await setUpRaftd()
    const id = await s.grant('n')
    await s.keepAlive(id, 'a', '1')
    await s.keepAlive(id, 'b', '2')
    await s.pass(8)
    await s.keepAlive(id, 'a', '1')
    await s.pass(4)
    expect(await s.kv('*', 'n')).toEqual([1])
    await s.pass(8)
    expect(await s.kv('*', 'n')).toEqual([])
    expect((await s.keepAlive(id, 'a', '1')).status).toBe(404)
  })

  test('without a key, whatever the body is called, gives all keys a full ttl', async () => {
    await using s = await setUpRaftd()
    const id = await s.grant('n')
    await s.keepAlive(id, 'a', '1')
    await s.keepAlive(id, 'b', '2')
    await s.pass(8)
    const headers = { 'content-type': 'application/json' }
    const { status, text } = await s.t.ask(`POST /lease/keepalive/${id}`, { headers })
    expect([status, text]).toEqual([200, 'null'])
    await s.pass(8)
    expect(await s.kv('*', 'n')).toEqual([1, 2])
  })

  test.each<[string, Record<string, string>]>([
    ['no data', { key: 'a' }],
    ['no key', { data: '1' }],
    ['an empty key', { key: '', data: '1' }],
    ['empty data', { key: 'a', data: '' }],
  ])('%s is 400 null, and refreshes nothing', async (_what, fields) => {
    await using s = await setUpRaftd()
    const id = await s.grant('n')
    await s.keepAlive(id, 'k', '1')
    await s.pass(8)
    const { status, text } = await s.post(`/lease/keepalive/${id}`, fields)
    expect([status, text]).toEqual([400, 'null'])
    await s.pass(4)
    expect(await s.kv('*', 'n')).toEqual([])
  })

  test.each(['a', '0', '1.5', '9007199254740992', '99999999999999999999'])(
    '%s is no lease: 400 null',
    async (id) => {
      await using s = await setUpRaftd()
      const { status, text } = await s.keepAlive(id, 'a', '1')
      expect([status, text]).toEqual([400, 'null'])
    },
  )

  test('a form that is none is 400', async () => {
    await using s = await setUpRaftd()
    const id = await s.grant('n')
    const { status } = await s.t.ask(`POST /lease/keepalive/${id}`, {
      body: '--X\r\nbroken',
      headers: { 'content-type': 'multipart/form-data; boundary=X' },
    })
    expect(status).toBe(400)
  })
})

describe('a lease that is not there', () => {
  test.each(['keepalive', 'revoke', 'timetolive'])(
    '%s is 404, in the words of old',
    async (call) => {
      await using s = await setUpRaftd()
      const { status, text } = await s.post(`/lease/${call}/4711`, { key: 'a', data: '1' })
      expect([status, text]).toEqual([404, NO_LEASE])
    },
  )

  test('one that nobody used ends after its ttl', async () => {
    await using s = await setUpRaftd()
    const id = await s.grant('n', 10)
    await s.pass(9)
    expect((await s.t.ask(`GET /lease/timetolive/${id}`)).status).toBe(200)
    await s.pass(4)
    expect((await s.t.ask(`GET /lease/timetolive/${id}`)).text).toBe(NO_LEASE)
  })

  test('revoke ends it with all keys, once', async () => {
    await using s = await setUpRaftd()
    const id = await s.grant('n')
    await s.keepAlive(id, 'a', '1')
    const { status, text } = await s.post(`/lease/revoke/${id}`)
    expect([status, text]).toEqual([200, 'null'])
    expect(await s.kv('*', 'n')).toEqual([])
    expect((await s.post(`/lease/revoke/${id}`)).text).toBe(NO_LEASE)
  })
})

describe('timetolive', () => {
  test.each(['GET', 'POST'])(
    '%s tells the state, and what is left for each key',
    async (method) => {
      await using s = await setUpRaftd()
      const id = await s.grant('/esq/node-1')
      const told = async () => {
        const { text } = await s.t.ask(`${method} /lease/timetolive/${id}`)
        return JSON.parse(text) as unknown
      }
      const about = { id: Number(id), name: '/esq/node-1', ttl: 10 }
      expect(await told()).toEqual({ ...about, status: 'CREATE', count: 0, keys: [] })

      await s.keepAlive(id, 'b', 'text')
      await s.pass(3)
      await s.keepAlive(id, 'a', '{"x":1}')
      expect(await told()).toEqual({
        ...about,
        status: 'ALIVE',
        count: 2,
        keys: [
          { key: 'a', ttl_left: 10, value: { x: 1 } },
          { key: 'b', ttl_left: 7, value: 'text' },
        ],
      })
    },
  )
})
