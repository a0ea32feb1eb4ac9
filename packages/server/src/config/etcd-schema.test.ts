import { expect, test } from 'vitest'
import { parseEtcdUrl } from './etcd-schema.ts'

test.each([
  ['http://10.0.0.5:2379', 'http://10.0.0.5:2379'],
  ['http://10.0.0.5:2379/', 'http://10.0.0.5:2379'],
  ['https://etcd.example:443', 'https://etcd.example:443'],
  ['http://etcd.example:80', 'http://etcd.example:80'],
  ['https://[fd00::1]:2379', 'https://[fd00::1]:2379'],
  ['unix:/run/etcd.sock', 'unix:/run/etcd.sock'],
])('%s is where a member of etcd listens', (text, expected) => {
  expect(parseEtcdUrl(text)).toBe(expected)
})

test.each([
  '10.0.0.5:2379',
  'http://10.0.0.5',
  'http://user:password@10.0.0.5:2379',
  'http://10.0.0.5:2379/v3',
  'http://10.0.0.5:99999',
  'unix:relative',
  'ftp://10.0.0.5:2379',
])('%s is not', (text) => {
  expect(parseEtcdUrl(text)).toBeUndefined()
})
