import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseListeners } from './proc-net.ts'
import { procReader } from './proc-reader.ts'
import { ProcTree, listenLine } from './testing/proc-tree.ts'

function lines(count: number, st: string): string {
  return Array.from({ length: count }, (_, at) =>
    listenLine(at, { local: '0100007F:1F90', inode: String(at + 1), st }),
  ).join('')
}

test('reads every listening socket, however many', () => {
  using tree = new ProcTree()
  tree.write('net/tcp', lines(3_000, '0A'))

  const table = procReader(tree.root).listenerTable('net/tcp') ?? ''
  expect(parseListeners(table)).toHaveLength(3_000)
})

test('stops reading where the connections begin', () => {
  using tree = new ProcTree()
  tree.write('net/tcp', lines(600, '0A') + lines(20_000, '01'))

  const table = procReader(tree.root).listenerTable('net/tcp') ?? ''
  expect(parseListeners(table)).toHaveLength(600)
  expect(table.length).toBeLessThan(300_000)
})

test('passes over half-open connections that older kernels list among the listeners', () => {
  using tree = new ProcTree()
  tree.write('net/tcp', lines(1, '0A') + lines(300, '03') + lines(1, '0A'))

  const table = procReader(tree.root).listenerTable('net/tcp') ?? ''
  expect(parseListeners(table)).toHaveLength(2)
})

test('what is not there, or is something else, is undefined', () => {
  using tree = new ProcTree()
  tree.write('7/comm', 'srv\n')
  const proc = procReader(tree.root)

  expect(proc.text('8/comm')).toBeUndefined()
  expect(proc.names('8/fd')).toBeUndefined()
  expect(proc.names('7/comm')).toBeUndefined()
  expect(proc.link('7/comm')).toBeUndefined()
  expect(procReader(join(tree.root, 'none')).listenerTable('net/tcp')).toBeUndefined()
})

test('a mistake of ours is not taken for something unreadable', () => {
  using tree = new ProcTree()
  expect(() => procReader(tree.root).text('')).toThrow('EISDIR')
})
