import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { procReader, type ProcReader } from './proc-reader.ts'
import { SocketScanner, type SocketScan } from './socket-scanner.ts'
import { ProcTree } from './testing/proc-tree.ts'

const LOOPBACK_8080 = '0100007F:1F90'
const ANY_8081 = '00000000:1F91'
const ANY6_8080 = '00000000000000000000000000000000:1F90'

/** Counts the folders of open files that were listed: what a walk costs. */
function setUp(root: string) {
  const walked: string[] = []
  const proc: ProcReader = {
    ...procReader(root),
    names: (path) => {
      if (path.endsWith('/fd')) walked.push(path)
      return procReader(root).names(path)
    },
  }
  const options = { users: () => new Map([[33, 'www']]), breathe: () => Promise.resolve() }
  return { scanner: new SocketScanner({ proc, ...options }), walked }
}

function owners({ sockets }: SocketScan) {
  return sockets.map(({ port, address, process }) => [port, address, process.pid, process.name])
}

test('finds each socket with its process, in order of port and address', async () => {
  using tree = new ProcTree()
  tree.listen('tcp', [
    [ANY_8081, '11'],
    [LOOPBACK_8080, '12'],
  ])
  tree.listen('tcp6', [[ANY6_8080, '13']])
  tree.run(100, { comm: 'api', cmdline: ['/opt/api', '-v'], uid: 33, sockets: ['99', '12', '13'] })
  tree.run(200, { comm: 'web', sockets: ['11'] })
  const { scanner } = setUp(tree.root)

  const scan = await scanner.scan()

  expect(owners(scan)).toEqual([
    [8080, '127.0.0.1', 100, 'api'],
    [8080, '::', 100, 'api'],
    [8081, '0.0.0.0', 200, 'web'],
  ])
  expect(scan.sockets[0]?.process).toMatchObject({ command: '/opt/api -v', user: 'www' })
  expect(scan).toMatchObject({ withoutProcess: 0, readable: true })
})

test('leaves out and counts a socket whose process cannot be seen', async () => {
  using tree = new ProcTree()
  tree.listen('tcp', [
    [LOOPBACK_8080, '11'],
    [ANY_8081, '12'],
  ])
  tree.run(100, { comm: 'api', sockets: ['11'] })
  const { scanner } = setUp(tree.root)

  const scan = await scanner.scan()

  expect(owners(scan)).toEqual([[8080, '127.0.0.1', 100, 'api']])
  expect(scan.withoutProcess).toBe(1)
})

test('of several processes that share a socket, the one that came first has it', async () => {
  using tree = new ProcTree()
  tree.listen('tcp', [[LOOPBACK_8080, '11']])
  tree.run(1_001, { comm: 'worker', sockets: ['11'] })
  tree.run(999, { comm: 'master', sockets: ['11'] })
  const { scanner } = setUp(tree.root)

  expect(owners(await scanner.scan())).toEqual([[8080, '127.0.0.1', 999, 'master']])
})

test('an init that opens sockets for services has only those that nobody took', async () => {
  using tree = new ProcTree()
  tree.listen('tcp', [
    [LOOPBACK_8080, '11'],
    [ANY_8081, '12'],
  ])
  tree.run(1, { comm: 'systemd', sockets: ['11', '12'] })
  tree.run(50, { comm: 'sshd', sockets: ['11'] })
  const { scanner } = setUp(tree.root)

  expect(owners(await scanner.scan())).toEqual([
    [8080, '127.0.0.1', 50, 'sshd'],
    [8081, '0.0.0.0', 1, 'systemd'],
  ])
})

test('walks the processes only when a socket is new, and no further than it must', async () => {
  using tree = new ProcTree()
  tree.listen('tcp', [[LOOPBACK_8080, '11']])
  tree.run(100, { comm: 'api', sockets: ['11', '12'] })
  tree.run(200, { comm: 'web' })
  const { scanner, walked } = setUp(tree.root)

  await scanner.scan()
  await scanner.scan()
  expect(walked).toEqual(['100/fd'])

  tree.listen('tcp', [
    [LOOPBACK_8080, '11'],
    [ANY_8081, '12'],
  ])
  expect(owners(await scanner.scan())).toHaveLength(2)
  expect(walked).toEqual(['100/fd', '100/fd'])
})

test('notices that a socket went, that another process has it, and that a process became another program', async () => {
  using tree = new ProcTree()
  tree.listen('tcp', [[LOOPBACK_8080, '11']])
  tree.run(100, { comm: 'sh', sockets: ['11'] })
  const { scanner } = setUp(tree.root)
  await scanner.scan()

  tree.run(100, { comm: 'api', sockets: ['11'] })
  expect(owners(await scanner.scan())).toEqual([[8080, '127.0.0.1', 100, 'api']])

  tree.end(100)
  tree.run(101, { comm: 'heir', sockets: ['11'] })
  expect(owners(await scanner.scan())).toEqual([[8080, '127.0.0.1', 101, 'heir']])

  tree.listen('tcp', [])
  expect(owners(await scanner.scan())).toEqual([])
})

test('looks rarely for an owner that it may not see, and finds one that comes into sight', async () => {
  using tree = new ProcTree()
  tree.listen('tcp', [[LOOPBACK_8080, '11']])
  tree.run(100, { comm: 'other' })
  const { scanner, walked } = setUp(tree.root)

  for (let scans = 0; scans < 15; scans += 1) await scanner.scan()
  expect(walked).toHaveLength(3)

  tree.run(100, { comm: 'api', sockets: ['11'] })
  expect(owners(await scanner.scan())).toHaveLength(1)
})

test('a system without the tables has no sockets, and says so', async () => {
  using tree = new ProcTree()
  const { scanner } = setUp(tree.root)

  expect(await scanner.scan()).toEqual({ sockets: [], withoutProcess: 0, readable: false })
})

test('finds a real listener of this very process', async () => {
  const users = () => new Map<number, string>()
  const scanner = new SocketScanner({ proc: procReader(), users, breathe: () => Promise.resolve() })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const find = async () => (await scanner.scan()).sockets.find((socket) => socket.port === port)

  const found = await find()
  server.close()
  await once(server, 'close')

  expect(found).toMatchObject({ address: '127.0.0.1', process: { pid: process.pid } })
  expect(found?.process.user).toBe(String(process.geteuid?.()))
  expect(await find()).toBeUndefined()
})
