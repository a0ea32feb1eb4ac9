import { describe, expect, test } from 'vitest'
import { setUpRaftd } from './testing/calls.ts'

async function setUpNodes() {
  const s = await setUpRaftd()
  const two = await s.grant('/esq/node-2')
  const one = await s.grant('/esq/node-1')
  const other = await s.grant('/other/node-1')
  await s.keepAlive(two, 'nodeinfo', '{"node_id":2}')
  await s.keepAlive(one, 'nodeinfo1', '{"node_id":11}')
  await s.keepAlive(one, 'nodeinfo', '{"node_id":1}')
  await s.keepAlive(other, 'nodeinfo', '{"node_id":3}')
  return { ...s, one, two, other }
}

describe('kv', () => {
  test('finds a key in the leases of a prefix, by name, then key', async () => {
    await using s = await setUpNodes()
    expect(await s.kv('nodeinfo', '/esq/node')).toEqual([{ node_id: 1 }, { node_id: 2 }])
    expect(await s.kv('nodeinfo1', '/esq/node')).toEqual([{ node_id: 11 }])
    expect(await s.kv('nodeinfo', '/')).toEqual([{ node_id: 1 }, { node_id: 2 }, { node_id: 3 }])
  })

  test('answers an empty array in two bytes', async () => {
    await using s = await setUpNodes()
    const { status, text } = await s.post('/lease/kv/none', { prefix: '/esq' })
    expect([status, text]).toEqual([200, '[]'])
  })

  test('a key may be the beginning of several, or every key', async () => {
    await using s = await setUpNodes()
    const all = [{ node_id: 1 }, { node_id: 11 }, { node_id: 2 }]
    expect(await s.kv('node', '/esq')).toEqual([])
    expect(await s.kv('node', '/esq', { match: 'prefix' })).toEqual(all)
    expect(await s.kv('*', '/esq')).toEqual(all)
  })

  test('tells whose each value is where that is asked for', async () => {
    await using s = await setUpNodes()
    expect(await s.kv('nodeinfo', '/esq/node-1', { with_meta: '1' })).toEqual([
      { id: Number(s.one), name: '/esq/node-1', key: 'nodeinfo', value: { node_id: 1 } },
    ])
  })

  test('may be read with GET, from what the node has', async () => {
    await using s = await setUpNodes()
    const { text } = await s.t.ask('GET /lease/kv/nodeinfo?prefix=/esq/node-2&level=stale')
    expect(text).toBe('[{"node_id":2}]')
  })

  test('a key may have slashes', async () => {
    await using s = await setUpNodes()
    await s.keepAlive(s.one, 'a/b', '5')
    expect(await s.kv('a/b', '/esq')).toEqual([5])
    expect(await s.kv('a%2Fb', '/esq')).toEqual([5])
  })

  test.each([
    ['no prefix', '/lease/kv/nodeinfo', {}],
    ['an empty prefix', '/lease/kv/nodeinfo', { prefix: '' }],
  ])('%s is 400 null', async (_what, path, fields) => {
    await using s = await setUpNodes()
    const { status, text } = await s.post(path, fields)
    expect([status, text]).toEqual([400, 'null'])
  })
})

describe('values', () => {
  test.each([
    ['an object', '{"a":{"b":[1,null]}}', '{"a":{"b":[1,null]}}'],
    [
      'an id that fits no double, digit for digit',
      '{"id":9007199254740993}',
      '{"id":9007199254740993}',
    ],
    ['a number', '5', '5'],
    ['a string of JSON', '"x"', '"x"'],
    ['text', 'not json', '"not json"'],
    ['half an object', '{"a":', '"{\\"a\\":"'],
    ['an object that was quoted for a shell', '{\\"a\\":\\"x\\"}', '{"a":"x"}'],
    ['text with an escaped quote', 'say \\"hi\\"', '"say \\\\\\"hi\\\\\\""'],
  ])('%s', async (_what, data, json) => {
    await using s = await setUpRaftd()
    await s.keepAlive(await s.grant('n'), 'k', data)
    expect((await s.post('/lease/kv/k', { prefix: 'n' })).text).toBe(`[${json}]`)
  })
})

describe('list', () => {
  test('shows leases by name, those of this protocol', async () => {
    await using s = await setUpNodes()
    await s.grant('/esq/unused', 20)
    await s.t.api('POST /leases', { body: { ttlMs: 5_000, name: '/esq/native' } })
    const { text, headers } = await s.t.ask('GET /lease/list?prefix=/esq')
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(JSON.parse(text)).toEqual([
      { id: Number(s.one), name: '/esq/node-1', ttl: 10, status: 'ALIVE' },
      { id: Number(s.two), name: '/esq/node-2', ttl: 10, status: 'ALIVE' },
      { id: expect.any(Number), name: '/esq/unused', ttl: 20, status: 'CREATE' },
    ])
  })

  test('shows all without a prefix, more than a page of them, and none as an empty array', async () => {
    await using s = await setUpRaftd()
    expect((await s.t.ask('GET /lease/list')).text).toBe('[]')
    for (let count = 0; count < 1_001; count += 1) await s.grant(`n${count}`)
    expect(JSON.parse((await s.t.ask('GET /lease/list')).text)).toHaveLength(1_001)
  }, 30_000)
})
