import { once } from 'node:events'
import { connect } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { describe, expect, test } from 'vitest'
import { countHeld, setUpApp, soon } from '../testing/index.ts'

async function setUp() {
  const t = await setUpApp()
  t.register()
  const { port } = await t.listen()
  const token = String((await t.api('GET /services/web')).body['token'])
  const paths = {
    poll: `${API_BASE}/services/web?after=${token}&wait=60s`,
    watch: `${API_BASE}/watch?service=web`,
    'bilibili poll': '/discovery/polls?env=default&appid=none&hostname=h&latest_timestamp=0',
  }
  const connectTo = async () => {
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    return socket
  }
  return Object.assign(t, { paths, connectTo })
}

const requestOf = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`

describe('of requests sent at once over one connection', () => {
  test.each(['poll', 'watch', 'bilibili poll'] as const)(
    'a %s that waits behind another is forgotten with its client',
    async (kind) => {
      await using t = await setUp()
      const held = countHeld(t)
      const socket = await t.connectTo()
      socket.write(requestOf(t.paths.poll) + requestOf(t.paths[kind]).repeat(20))
      await t.untilWaiting(21)
      expect(held.listeners).toBeGreaterThan(0)
      socket.destroy()
      await t.untilWaiting(0)
      expect(held).toEqual({ listeners: 0, alarms: 0 })
    },
  )

  test('those that were answered leave nothing on the connection', async () => {
    await using t = await setUp()
    const socket = await t.connectTo()
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString()
    })
    for (let round = 1; round <= 3; round += 1) {
      const token = String((await t.api('GET /services/web')).body['token'])
      const path = `${API_BASE}/services/web?after=${token}&wait=60s`
      socket.write(requestOf(path).repeat(20))
      await t.untilWaiting(20)
      t.register({}, { weight: round + 1 })
      await t.clock.advance(20)
      await soon('all are answered', () => received.split('HTTP/1.1 200').length === 20 * round + 1)
      expect(t.waiters.count).toBe(0)
    }
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
    socket.destroy()
  })
})
