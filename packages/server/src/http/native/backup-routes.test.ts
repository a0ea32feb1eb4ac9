import { once } from 'node:events'
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import { BACKUP_TYPE } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { BACKUPS_AT_ONCE } from '../../catalog/limits.ts'
import { contentLines, fileOf, gathered } from '../../testing/backup-files.ts'
import { setUpApp, type Answer, type AppHarness } from '../../testing/index.ts'

const WAIT = { withinMs: 20_000, everyMs: 2 }
const VALUE = Buffer.alloc(1_000_000, 'v')

/** Lets the catalog's clock go on until an answer is there: the view is read anew meanwhile. */
async function settled<T>({ catalog }: AppHarness, work: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  work.then(over, over)
  const look = async () => {
    await catalog.clock.advance(100)
    return isOver || undefined
  }
  await until('the answer is there', look, WAIT)
  return work
}

async function put({ catalog }: AppHarness, key: string, value: Uint8Array): Promise<void> {
  await catalog.catalog.kv.put(key, value)
}

function restore(t: AppHarness, body: Buffer, headers: Record<string, string> = {}) {
  return settled(t, t.api('POST /restore', { body, headers }))
}

/** Begins to send a body, over a connection of its own. */
async function sending(
  t: AppHarness,
  headers: Record<string, string> = {},
): Promise<ClientRequest> {
  const { url } = await t.listen()
  return httpRequest(`${url}/registry/v1/restore`, { method: 'POST', headers, agent: false })
}

async function answered(request: ClientRequest): Promise<{ status: number; text: string }> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, text: (await gathered(response)).toString() }
}

test('a backup is sent as lines, and packed for who accepts that', async () => {
  await using t = await setUpApp()
  await put(t, 'a', Buffer.from('1'))
  await put(t, 'large', VALUE)
  const plain = await t.api('GET /backup')
  expect(plain.status).toBe(200)
  expect(plain.headers).toMatchObject({
    'content-type': BACKUP_TYPE,
    'x-rollcall-revision': '2',
    vary: 'accept-encoding',
  })
  expect(plain.headers['content-encoding']).toBeUndefined()
  const packed = await t.api('GET /backup', { headers: { 'accept-encoding': 'gzip' } })
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 10)
  const unpacked = gunzipSync(packed.bytes)
  expect(contentLines(unpacked)).toEqual(contentLines(plain.bytes))
})

test.each<[string, (file: Buffer) => [Buffer, Record<string, string>]]>([
  ['as it is', (file) => [file, {}]],
  ['packed', (file) => [gzipSync(file), { 'content-encoding': 'gzip' }]],
  [
    'as what curl calls it',
    (file) => [file, { 'content-type': 'application/x-www-form-urlencoded' }],
  ],
])('a backup that is sent back %s takes the place of everything', async (_, sent) => {
  await using t = await setUpApp()
  await put(t, 'a', Buffer.from('1'))
  await put(t, 'large', VALUE)
  const { bytes } = await t.api('GET /backup')
  await put(t, 'later', Buffer.from('2'))
  const answer = await restore(t, ...sent(bytes))
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    generation: 2,
    revision: Number(answer.headers['x-rollcall-revision']),
    count: 2,
    replacedWrites: 0,
    tookMs: expect.any(Number),
  })
  expect((await t.api('GET /kv/a')).text).toBe('1')
  expect((await t.api('GET /kv/large')).bytes.equals(VALUE)).toBe(true)
  expect((await t.api('GET /kv/later')).status).toBe(404)
  expect((await t.api('GET /restore')).body).toEqual({
    state: 'idle',
    generation: 2,
    progress: null,
  })
})

test('what is wrong is told with the line, then and later, and nothing has changed', async () => {
  await using t = await setUpApp()
  await put(t, 'a', Buffer.from('1'))
  const { bytes } = await t.api('GET /backup')
  const damaged = Buffer.from(bytes.toString().replace('"v":"MQ=="', '"v":"Mg=="'))
  const answer = await restore(t, damaged)
  expect([answer.status, answer.body['code']]).toEqual([400, 'invalid_backup'])
  expect(answer.body['details']).toEqual({ line: 3, reason: 'checksum' })
  expect((await t.api('GET /restore')).body).toMatchObject({
    state: 'idle',
    generation: 1,
    error: { code: 'invalid_backup', detail: answer.body['detail'] },
  })
  expect((await t.api('GET /kv/a')).text).toBe('1')
})

test('its head alone is answered without reading any of it', async () => {
  await using t = await setUpApp()
  const keys = 10
  for (let at = 0; at < keys; at += 1) await put(t, `k${at}`, VALUE)
  // More than may be read at once: none of them keeps its place.
  for (let asked = 0; asked < 2 * BACKUPS_AT_ONCE; asked += 1) {
    const { status, headers, text } = await t.api('HEAD /backup')
    expect([status, text]).toEqual([200, ''])
    expect(headers['content-type']).toBe(BACKUP_TYPE)
    expect(headers['x-rollcall-revision']).toBe(String(keys))
    expect(headers['content-length']).toBeUndefined()
  }
})

test('a backup that is announced or becomes too large is refused', async () => {
  await using t = await setUpApp({ limits: { restoreBodyMaxBytes: 1_000_000 } })
  const file = fileOf([{ k: 'k/a', v: VALUE.toString('base64') }])
  const announced = await restore(t, file)
  expect(announced.status).toBe(413)
  expect(announced.body['details']).toMatchObject({ limit: 1_000_000, actual: file.length })
  const packed = gzipSync(file)
  expect(packed.length).toBeLessThan(10_000)
  const unpacked = await restore(t, packed, { 'content-encoding': 'gzip' })
  expect([unpacked.status, unpacked.body['code']]).toEqual([413, 'limit_exceeded'])
})

test.each<[string, (packed: Buffer) => Buffer]>([
  ['is cut off', (packed) => packed.subarray(0, -10)],
  ['has a byte changed', (packed) => Buffer.from(packed).fill((packed[12] ?? 0) ^ 1, 12, 13)],
  ['is none', () => fileOf([])],
])('gzip that %s is no backup', async (_, damage) => {
  await using t = await setUpApp()
  const damaged = damage(gzipSync(fileOf([])))
  const answer = await restore(t, damaged, { 'content-encoding': 'gzip' })
  expect([answer.status, answer.body['code']]).toEqual([400, 'invalid_backup'])
  expect(answer.body['details']).toEqual({ reason: 'gzip' })
})

test('while one arrives its progress is told, and another is refused', async () => {
  await using t = await setUpApp()
  const file = fileOf([{ k: 'k/a', v: 'MQ==' }])
  const upload = await sending(t, { 'content-length': String(file.length) })
  upload.write(file.subarray(0, 40))
  await until(
    'the first bytes are there',
    async () => {
      const { body } = await t.api('GET /restore')
      return Number(body['progress']) > 0 || undefined
    },
    WAIT,
  )
  expect((await t.api('GET /restore')).body).toEqual({
    state: 'verifying',
    generation: 1,
    progress: 40 / file.length,
  })
  const other = await restore(t, file)
  expect([other.status, other.body['code']]).toEqual([409, 'restore_in_progress'])
  upload.end(file.subarray(40))
  expect(await settled(t, answered(upload))).toMatchObject({ status: 200 })
  expect((await t.api('GET /kv/a')).text).toBe('1')
})

test('who is refused while he still sends is told why', async () => {
  await using t = await setUpApp()
  const upload = await sending(t)
  upload.on('error', () => {})
  upload.write('Dear diary,\n')
  const answer = await settled(t, answered(upload))
  expect(answer.status).toBe(400)
  expect(answer.text).toContain('"reason":"header"')
  upload.destroy()
})

test('an upload that breaks off changes nothing, and the next may come', async () => {
  await using t = await setUpApp()
  await put(t, 'a', Buffer.from('1'))
  const { bytes } = await t.api('GET /backup')
  const upload = await sending(t)
  upload.on('error', () => {})
  upload.write(bytes.subarray(0, 50))
  const state = async () => (await t.api('GET /restore')).body
  const isAt = (what: string) => async () => (await state())['state'] === what || undefined
  await until('it is being checked', isAt('verifying'), WAIT)
  upload.destroy()
  await until('it is over', isAt('idle'), WAIT)
  expect(await state()).toMatchObject({ error: { code: 'invalid_argument' } })
  expect((await restore(t, bytes)).status).toBe(200)
})

test('who reads slowly gets all of it, and who goes away leaves his place to others', async () => {
  await using t = await setUpApp()
  for (let at = 0; at < 30; at += 1) await put(t, `large/${at}`, VALUE)
  const { url } = await t.listen()
  const readers = await Promise.all(
    Array.from({ length: BACKUPS_AT_ONCE }, async () => {
      const request = httpRequest(`${url}/registry/v1/backup`, { agent: false }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      return response
    }),
  )
  const refused = await t.api('GET /backup')
  expect([refused.status, refused.body['code']]).toEqual([503, 'unavailable'])
  for (const reader of readers.slice(1)) {
    reader.on('error', () => {})
    reader.destroy()
  }
  const isServed = async () => {
    const next: Answer = await t.api('GET /backup')
    return next.status === 200 || undefined
  }
  await until('a place is free', isServed, WAIT)
  const [patient] = readers
  const whole = patient ? await gathered(patient) : Buffer.alloc(0)
  expect(whole.toString().trimEnd().split('\n')).toHaveLength(32)
  expect(whole.toString()).toMatch(/\{"end":true,"count":30,.*\}\n$/)
})
