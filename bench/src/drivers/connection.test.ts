import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Connection, mustSucceed } from './connection.ts'

/** A server that answers each request with what `answer` says. */
async function setUp(answer: (socket: Socket, request: string) => void) {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      answer(socket, chunk.toString())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connection = new Connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const dispose = async () => {
    connection.close()
    server.close()
    await once(server, 'close')
  }
  return { connection, [Symbol.asyncDispose]: dispose }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'

test('one connection carries one request after the other', async () => {
  const requests: string[] = []
  await using at = await setUp((socket, request) => {
    requests.push(request.split('\r\n')[0] ?? '')
    socket.write(OK)
  })
  await mustSucceed(at.connection, 'GET', '/a')
  await mustSucceed(at.connection, 'PUT', '/b', '{"x":1}')
  expect(requests).toEqual(['GET /a HTTP/1.1', 'PUT /b HTTP/1.1'])
})

test('a server that hung up in between is asked again over a new connection', async () => {
  const sockets: Socket[] = []
  await using at = await setUp((socket) => {
    sockets.push(socket)
    socket.end(OK)
  })
  await mustSucceed(at.connection, 'GET', '/a')
  const [first] = sockets
  // It closes when both sides have, so our end knows by then.
  if (first?.closed === false) await once(first, 'close')
  await mustSucceed(at.connection, 'GET', '/b')
  expect(new Set(sockets).size).toBe(2)
})

test('a request that is never answered fails, as does one that is refused', async () => {
  await using silent = await setUp((socket) => socket.end())
  await expect(silent.connection.request('GET', '/a')).rejects.toThrow('hung up')
  await using refusing = await setUp((socket) =>
    socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone'),
  )
  await expect(mustSucceed(refusing.connection, 'GET', '/a')).rejects.toThrow('404: none')
})
