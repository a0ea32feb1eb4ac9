import { expect, test } from 'vitest'
import { isInstalledFrom, isSameNode, stampFor } from './installed-packages.mjs'

const node = { version: 'v20.11.0', platform: 'linux', arch: 'x64' }

const lock = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/for-another-machine': { version: '1.0.0', optional: true },
    'packages/ours': { version: '0.1.0' },
  },
}

const installed = {
  packages: {
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'packages/ours': { version: '0.1.0' },
  },
}

/** What is installed, but for one package; undefined takes it away. */
function installedBut(path: string, change: { version: string; integrity: string } | undefined) {
  const packages = Object.entries({ ...installed.packages, [path]: change })
  return {
    packages: Object.fromEntries(
      packages.flatMap(([name, found]) => (found === undefined ? [] : [[name, found]])),
    ),
  }
}

test('the stamp changes with the lock file and with Node, and with nothing else', () => {
  const stamp = stampFor('lock', node)

  expect(stampFor('lock', { ...node })).toBe(stamp)
  expect(stampFor('lock ', node)).not.toBe(stamp)
  expect(stampFor('lock', { ...node, version: 'v20.11.1' })).not.toBe(stamp)
  expect(stampFor('lock', { ...node, arch: 'arm64' })).not.toBe(stamp)
})

test('stamps of one Node are known as such, whatever was installed', () => {
  const stamp = stampFor('lock', node)

  expect(isSameNode(stamp, stampFor('another lock', node))).toBe(true)
  expect(isSameNode(stamp, stampFor('lock', { ...node, version: 'v22.0.0' }))).toBe(false)
  expect(isSameNode('{"lock":"cut sho', stamp)).toBe(false)
  expect(isSameNode('{}', '{}')).toBe(false)
})

test('what the lock file asks for is installed, without the builds for other machines', () => {
  expect(isInstalledFrom(lock, installed)).toBe(true)
})

test.each([
  ['another version', 'node_modules/a', { version: '1.0.1', integrity: 'sha512-a' }],
  ['another content', 'node_modules/a', { version: '1.0.0', integrity: 'sha512-b' }],
  ['a package too few', 'node_modules/a', undefined],
  ['a package too many', 'node_modules/b', { version: '1.0.0', integrity: 'sha512-b' }],
])('%s is not what the lock file asks for', (_, path, change) => {
  expect(isInstalledFrom(lock, installedBut(path, change))).toBe(false)
})
