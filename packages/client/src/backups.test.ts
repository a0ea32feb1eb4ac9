import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { RollcallClient, type ClientOptions } from './index.ts'
import { FarSide, deadPort, json, problem } from './testing/far-side.ts'

const WAIT = { withinMs: 10_000, everyMs: 2 }
const ANSWER = { generation: 2, revision: 9, count: 1, replacedWrites: 0, tookMs: 5 }
const TYPE = { 'content-type': 'application/x-ndjson', 'x-rollcall-revision': '9' }

/** A server that answers before it has read what it is sent. */
async function eager(answer: (response: ServerResponse) => void) {
  const server: Server = createServer((_request, response) => {
    answer(response)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

function clientOf(url: string, options: ClientOptions = {}): RollcallClient {
  return new RollcallClient({ servers: [url], ...options })
}

async function* pieces(text: string, count = 1): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) yield await Promise.resolve(Buffer.from(text))
}

async function readAll(client: RollcallClient): Promise<string> {
  const { chunks } = await client.backups.read()
  let text = ''
  for await (const chunk of chunks) text += Buffer.from(chunk).toString()
  return text
}

test('sends a file with its length, and asks how far it is', async () => {
  await using far = await FarSide.open((seen, response) => {
    const status = { state: 'idle', generation: 2, progress: null }
    json(response, 200, seen.method === 'POST' ? ANSWER : status)
  })
  await using client = clientOf(far.url)
  const answer = await client.backups.restore({ open: () => pieces('file'), bytes: 4 })
  expect(answer).toEqual(ANSWER)
  expect(await client.backups.status()).toMatchObject({ state: 'idle', generation: 2 })
  await client.backups.restore({ open: () => pieces('file'), gzip: true }, { dryRun: true })
  const [plain, , packed] = far.seen
  expect(plain).toMatchObject({ method: 'POST', target: '/registry/v1/restore' })
  expect(plain?.headers).toMatchObject({
    'content-length': '4',
    'content-type': TYPE['content-type'],
  })
  expect(packed?.target).toBe('/registry/v1/restore?dryRun=1')
  expect(packed?.headers).toMatchObject({
    'content-encoding': 'gzip',
    'transfer-encoding': 'chunked',
  })
})

test('a refusal that comes while the file is still being sent is told', async () => {
  const body = JSON.stringify({
    code: 'invalid_backup',
    detail: 'Line 1: no.',
    details: { line: 1 },
  })
  await using far = await eager((response) => {
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end(body)
  })
  await using client = clientOf(far.url)
  const file = { open: () => pieces('x'.repeat(65_536), 2_000) }
  await expect(client.backups.restore(file)).rejects.toMatchObject({
    code: 'invalid_backup',
    message: 'Line 1: no.',
    details: { line: 1 },
  })
})

test('an answer that was lost is unknown, and no other server is asked', async () => {
  let asked = 0
  await using far = await FarSide.open((_, response) => {
    asked += 1
    response.destroy()
  })
  await using other = await FarSide.open((_, response) => {
    asked += 100
    json(response, 200, ANSWER)
  })
  await using client = clientOf(far.url, { servers: [far.url, other.url] })
  const restoring = client.backups.restore({ open: () => pieces('file') })
  await expect(restoring).rejects.toMatchObject({
    code: 'outcome_unknown',
    message: expect.stringContaining('(GET /registry/v1/restore): a greater generation'),
  })
  expect(asked).toBe(1)
})

test('a server that is not there is passed over, and the next gets the file from its start', async () => {
  await using far = await FarSide.open((_, response) => {
    json(response, 200, ANSWER)
  })
  await using client = clientOf(far.url, {
    servers: [`http://127.0.0.1:${await deadPort()}`, far.url],
  })
  await client.backups.restore({ open: () => pieces('file'), bytes: 4 })
  expect(far.seen).toHaveLength(1)
  expect(String(far.seen[0]?.body)).toBe('file')
})

test('a restore takes as long as it takes', async () => {
  const clock = new FakeClock()
  let answer = () => {}
  await using far = await FarSide.open((_, response) => {
    answer = () => {
      json(response, 200, ANSWER)
    }
  })
  await using client = clientOf(far.url, { clock, timeoutMs: 1_000 })
  const restoring = client.backups.restore({ open: () => pieces('file') })
  await until('it was sent', () => far.seen.length || undefined, WAIT)
  await clock.advance(3_600_000)
  answer()
  expect(await restoring).toEqual(ANSWER)
})

test.each([
  ['ends without its last line', (response: ServerResponse) => response.end('{"k":1}\n')],
  [
    'has a checksum of something else',
    (response: ServerResponse) =>
      response.end('{"k":1}\n{"end":true,"count":1,"sha256":"00","revision":9}\n'),
  ],
])('a backup that %s is refused', async (_, send) => {
  await using far = await FarSide.open((_seen, response) => {
    response.writeHead(200, TYPE)
    send(response)
  })
  await using client = clientOf(far.url)
  await expect(readAll(client)).rejects.toMatchObject({ code: 'invalid_backup' })
})

test('a backup whose connection breaks is refused', async () => {
  await using far = await FarSide.open((_, response) => {
    response.writeHead(200, TYPE)
    response.write('{"k":1}\n', () => response.destroy())
  })
  await using client = clientOf(far.url)
  await expect(readAll(client)).rejects.toMatchObject({ code: 'unavailable' })
})

test('a server that falls silent in the middle of a backup is given up', async () => {
  const clock = new FakeClock()
  await using far = await FarSide.open((_, response) => {
    response.writeHead(200, TYPE)
    response.write('{"k":1}\n')
  })
  await using client = clientOf(far.url, { clock })
  const { chunks, revision } = await client.backups.read()
  expect(revision).toBe(9)
  const reading = chunks[Symbol.asyncIterator]()
  expect((await reading.next()).done).toBe(false)
  const next = reading.next()
  next.catch(() => {})
  await clock.advance(59_000)
  await clock.advance(2_000)
  await expect(next).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('has sent nothing'),
  })
})

test('a refusal of a backup is told', async () => {
  await using far = await FarSide.open((_, response) => {
    problem(response, 503, { code: 'unavailable' })
  })
  await using client = clientOf(far.url)
  await expect(client.backups.read()).rejects.toMatchObject({ code: 'unavailable' })
})
