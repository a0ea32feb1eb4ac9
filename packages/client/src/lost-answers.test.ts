import { expect, test } from 'vitest'
import { seededRandom } from '@rollcall/runtime'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { RollcallClient } from './index.ts'
import { FarSide, deadPort, json, problem, type Script } from './testing/far-side.ts'

const put = { key: 'a', modRevision: 3, createRevision: 3, created: true }
const done: Script = (_, response) => {
  json(response, 200, put)
}
/** Takes the request, maybe does it, and is cut off. */
const cut: Script = (_, response) => {
  response.destroy()
}
const hung: Script = () => {}

/** Answers each request by the next of these, the last one again and again. */
function inTurn(...scripts: readonly Script[]): Script {
  let count = 0
  return (seen, response) => {
    const script = scripts[Math.min(count, scripts.length - 1)]
    count += 1
    script?.(seen, response)
  }
}

function setUp(...servers: readonly string[]) {
  const clock = new FakeClock()
  const random = seededRandom(1)
  const client = new RollcallClient({ servers, clock, random, timeoutMs: 5_000 })
  return { clock, client }
}

/** Moves time on until a promise has settled. */
async function settled<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let ended = false
  const end = () => {
    ended = true
  }
  work.then(end, end)
  await until(
    'it is settled',
    async () => {
      await clock.advance(25)
      return ended || undefined
    },
    { withinMs: 10_000, everyMs: 5 },
  )
  return work
}

const keysOf = (far: FarSide) => far.seen.map(({ headers }) => headers['idempotency-key'])

test('a write whose answer was lost is sent again under its key, to the same server', async () => {
  await using first = await FarSide.open(inTurn(cut, cut, done))
  await using second = await FarSide.open(done)
  const { clock, client } = setUp(first.url, second.url)
  await using _ = client

  expect(await settled(clock, client.kv.put('a', 'x'))).toEqual(put)

  const [key, ...others] = keysOf(first)
  expect(key).toMatch(/^[0-9a-f]{32}$/)
  expect(others).toEqual([key, key])
  expect(second.seen).toHaveLength(0)
})

test('each write has its own key, unless the caller brings one', async () => {
  await using far = await FarSide.open(done)
  const { client } = setUp(far.url)
  await using _ = client

  await client.kv.put('a', 'x')
  await client.kv.put('a', 'x')
  await client.kv.put('a', 'x', { idempotencyKey: 'mine' })

  const [one, other, mine] = keysOf(far)
  expect(one).not.toBe(other)
  expect(mine).toBe('mine')
})

test('a write that cannot have been done goes to the next server', async () => {
  await using unready = await FarSide.open((_, response) => {
    problem(response, 503, { code: 'not_ready' })
  })
  await using fine = await FarSide.open(done)
  const { client } = setUp(`http://127.0.0.1:${await deadPort()}`, unready.url, fine.url)
  await using _ = client

  expect(await client.kv.put('a', 'x')).toEqual(put)
  expect(keysOf(unready)).toEqual(keysOf(fine))
})

test.each<[string, Script, string]>([
  ['breaks off each time', cut, 'failed'],
  ['does not answer', hung, 'did not answer within 5000 ms'],
  [
    'does not know itself',
    (_, response) => problem(response, 504, { code: 'outcome_unknown' }),
    'outcome_unknown',
  ],
])(
  'when the server %s, the outcome is unknown, and its key is told',
  async (_what, script, why) => {
    await using first = await FarSide.open(script)
    await using second = await FarSide.open(done)
    const { clock, client } = setUp(first.url, second.url)
    await using _ = client

    const write = settled(clock, client.kv.put('a', 'x', { idempotencyKey: 'k' }))

    await expect(write).rejects.toMatchObject({
      code: 'outcome_unknown',
      message: expect.stringContaining(why),
      details: { idempotencyKey: 'k' },
    })
    expect(second.seen).toHaveLength(0)
  },
)

test('a server that went away after it took a write leaves the outcome unknown', async () => {
  const far = await FarSide.open((_, response) => {
    response.destroy()
    void far[Symbol.asyncDispose]()
  })
  await using second = await FarSide.open(done)
  const { clock, client } = setUp(far.url, second.url)
  await using _ = client

  const write = settled(clock, client.txn({ then: [{ delete: { key: 'a' } }] }))
  await expect(write).rejects.toMatchObject({ code: 'outcome_unknown' })
  expect(second.seen).toHaveLength(0)
})

test('a refusal that follows a lost answer is the answer', async () => {
  await using far = await FarSide.open(
    inTurn(cut, (_, response) => problem(response, 409, { code: 'revision_conflict' })),
  )
  const { clock, client } = setUp(far.url)
  await using _ = client

  const write = settled(clock, client.kv.put('a', 'x', { ifRevision: 1 }))
  await expect(write).rejects.toMatchObject({ code: 'revision_conflict' })
})

test('the caller may stop asking', async () => {
  await using far = await FarSide.open(cut)
  const { client } = setUp(far.url)
  await using _ = client
  const stopping = new AbortController()
  const reason = new Error('enough')

  const write = client.kv.put('a', 'x', { signal: stopping.signal })
  write.catch(() => {})
  await until('it was asked', () => far.seen[0], { withinMs: 5_000 })
  stopping.abort(reason)
  await expect(write).rejects.toBe(reason)
})

test('a read is sent anywhere', async () => {
  await using first = await FarSide.open(cut)
  await using second = await FarSide.open((_, response) => {
    json(response, 200, { entries: [], next: null, revision: 1 })
  })
  const { client } = setUp(first.url, second.url)
  await using _ = client

  expect(await client.kv.list()).toMatchObject({ revision: 1 })
  expect(keysOf(second)).toEqual([undefined])
})
