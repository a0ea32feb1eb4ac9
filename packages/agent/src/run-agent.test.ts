import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { runAgent } from './run-agent.ts'
import { RegistryStandIn } from './testing/registry-stand-in.ts'

const WITHIN = { withinMs: 20_000 }

async function listen() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

function startAgent(registry: RegistryStandIn) {
  const stopping = new AbortController()
  const lines: string[] = []
  const ended = runAgent({
    servers: [registry.url],
    hostname: 'box',
    signal: stopping.signal,
    print: (line) => lines.push(line),
  })
  const stop = () => {
    stopping.abort()
    return ended
  }
  return { lines, ended, stop }
}

function isRegistered(registry: RegistryStandIn, port: number) {
  return () => [...registry.instances.values()].find(({ id }) => id === `box:${port}`)
}

test(
  'registers this machine and its sockets, follows them, and withdraws everything at the end',
  { timeout: 60_000 },
  async () => {
    await using registry = await RegistryStandIn.open()
    const first = await listen()
    const agent = startAgent(registry)

    await until(
      'the table is printed',
      () => agent.lines.find((line) => line === 'Look at:'),
      WITHIN,
    )
    expect(registry.instances.get('infra.machine box')?.metadata).toHaveProperty('cores')
    expect(isRegistered(registry, registry.port)()).toBeDefined()
    expect(isRegistered(registry, first.port)()).toMatchObject({
      addresses: [`tcp://127.0.0.1:${first.port}`],
      metadata: { pid: String(process.pid), bind: '127.0.0.1' },
    })
    expect(agent.lines.join('\n')).toContain(`${registry.url}/registry/v1/services`)

    const second = await listen()
    await until('the new socket shows', isRegistered(registry, second.port), WITHIN)
    second.server.close()
    const isGone = () => (isRegistered(registry, second.port)() ? undefined : true)
    await until('the closed socket is gone', isGone, WITHIN)
    expect(
      agent.lines.some((line) => line.startsWith('+ ') && line.includes(`box:${second.port}`)),
    ).toBe(true)

    await agent.stop()
    expect([...registry.instances.keys()]).toEqual([])
    first.server.close()
  },
)

test('registers nothing before the registry is ready, and may be stopped then', async () => {
  await using registry = await RegistryStandIn.open()
  registry.isReady = false
  const agent = startAgent(registry)
  await until('it asked again', () => (registry.readyAsked > 2 ? true : undefined), WITHIN)
  expect(registry.instances.size).toBe(0)
  await agent.stop()

  const another = startAgent(registry)
  registry.isReady = true
  await until(
    'the machine is registered',
    () => registry.instances.get('infra.machine box'),
    WITHIN,
  )
  await another.stop()
  expect(registry.instances.size).toBe(0)
})

test('withdraws and says so when a newer agent registers this machine', async () => {
  await using registry = await RegistryStandIn.open()
  registry.hasNewerAgent = true
  const agent = startAgent(registry)
  const refused = (line: string) => line.includes('no longer takes infra.machine box')
  const isWithdrawn = () => (registry.instances.size === 0 ? true : undefined)

  await until('it says so', () => agent.lines.find(refused), WITHIN)
  await until('everything is withdrawn', isWithdrawn, WITHIN)
  expect(isRegistered(registry, registry.port)()).toBeUndefined()
  await agent.stop()
})

test('a registry that never answers does not hold up the end', async () => {
  const silent = await listen()
  const stopping = new AbortController()
  const connected = once(silent.server, 'connection')
  const ended = runAgent({
    servers: [`http://127.0.0.1:${silent.port}`],
    signal: stopping.signal,
    print: () => {},
  })
  await connected
  stopping.abort()
  await expect(ended).resolves.toBeUndefined()
  silent.server.close()
})
