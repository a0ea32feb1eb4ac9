import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { dial, setUpApp, soon } from '../testing/index.ts'

async function answerTo(text: string) {
  await using t = await setUpApp()
  const { port } = await t.listen()
  const wire = await dial(port)
  wire.send(text)
  await wire.ended
  const [head = '', body = ''] = wire.text().split('\r\n\r\n')
  return { head, problem: JSON.parse(body) as unknown, length: Buffer.byteLength(body) }
}

test.each([
  'garbage\r\n\r\n',
  'GET\r\n\r\n',
  '\u0016\u0003\u0001 this is TLS',
  'NONSENSE / HTTP/1.1\r\n\r\n',
])('garbage on the port is 400 and the end of the connection: %j', async (text) => {
  const { head, problem, length } = await answerTo(text)
  expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(head).toMatch(/^content-type: application\/problem\+json$/im)
  expect(head).toMatch(/^x-rollcall-node: n1$/im)
  expect(head).toMatch(/^connection: close$/im)
  expect(head).toMatch(new RegExp(`^content-length: ${length}$`, 'im'))
  expect(problem).toMatchObject({ code: 'invalid_argument', status: 400 })
})

test('headers beyond 64 KiB are 431', async () => {
  const { head, problem } = await answerTo(
    `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(65_536)}\r\n\r\n`,
  )
  expect(head).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  expect(head).toMatch(/^x-rollcall-node: n1$/im)
  expect(problem).toMatchObject({ code: 'headers_too_large', status: 431 })
})

test('who hangs up in the middle of a request disturbs nobody', async () => {
  await using t = await setUpApp()
  const { port } = await t.listen()
  const connections = () =>
    new Promise<number>((resolve) => {
      t.app.server.getConnections((_error, count) => {
        resolve(count)
      })
    })
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.write('PUT /registry/v1/services/web/instances/a HTTP/1.1\r\nHost: x\r\nContent-Le')
  let open = 0
  await soon('it is connected', () => {
    void connections().then((count) => (open = count))
    return open === 1
  })
  socket.resetAndDestroy()
  await soon('it is gone', () => {
    void connections().then((count) => (open = count))
    return open === 0
  })
  expect((await t.ask('GET /healthz')).status).toBe(200)
})
