import { expect, test } from 'vitest'
import { procReader } from './proc-reader.ts'
import { parseCmdline, parseEffectiveUid, readProcess } from './process-facts.ts'
import { ProcTree } from './testing/proc-tree.ts'
import { parsePasswd, userName } from './users.ts'

const PASSWD = `root:x:0:0:root:/root:/bin/bash
toor:x:0:0:again:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
+::::::
broken
`

test('splits arguments, with empty ones inside and without the zero bytes at the end', () => {
  expect(parseCmdline('srv\0--name\0\0--port\x001\0')).toEqual(['srv', '--name', '', '--port', '1'])
  expect(parseCmdline('nginx: master process nginx\0\0\0\0')).toEqual([
    'nginx: master process nginx',
  ])
  expect(parseCmdline('')).toEqual([])
})

test('reads whose rights a process has, not who started it', () => {
  expect(parseEffectiveUid('Name:\tsrv\nUid:\t1000\t33\t33\t33\nGid:\t0\t0\t0\t0\n')).toBe(33)
  expect(parseEffectiveUid('Name:\tsrv\n')).toBeUndefined()
})

test('names users by the first line with their uid, others by number', () => {
  const users = parsePasswd(PASSWD)
  expect(userName(0, users)).toBe('root')
  expect(userName(33, users)).toBe('www-data')
  expect(userName(1234, users)).toBe('1234')
  expect(users.size).toBe(2)
})

test('reads a whole process, and masks its secrets before anybody sees them', () => {
  using tree = new ProcTree()
  tree.run(7, {
    comm: 'orders-and-invo',
    cmdline: ['/opt/orders-and-invoices', '--token', 'x'],
    uid: 33,
  })

  expect(readProcess(procReader(tree.root), 7, parsePasswd(PASSWD))).toEqual({
    pid: 7,
    name: 'orders-and-invoices',
    command: '/opt/orders-and-invoices --token ***',
    user: 'www-data',
  })
})

test('leaves out what cannot be read', () => {
  using tree = new ProcTree()
  tree.run(7, { comm: 'srv' })
  tree.run(8, {})

  expect(readProcess(procReader(tree.root), 7, new Map())).toEqual({ pid: 7, name: 'srv' })
  expect(readProcess(procReader(tree.root), 8, new Map())).toBeUndefined()
  expect(readProcess(procReader(tree.root), 9, new Map())).toBeUndefined()
})
