import { expect, test } from 'vitest'
import { aptLine, parseAptSources } from './apt-sources.ts'

test('reads one-line sources with options, and leaves out what is no binary main', () => {
  const text = [
    '# deb http://a.test/debian old main',
    'deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] http://a.test/debian bookworm main contrib',
    'deb-src http://a.test/debian bookworm main',
    'deb http://b.test/x stable nonfree',
    'deb http://c.test/debian bookworm-updates main',
  ].join('\n')
  expect(parseAptSources('sources.list', text)).toEqual([
    { uri: 'http://a.test/debian', suite: 'bookworm', signedBy: '/usr/share/keyrings/k.gpg' },
    { uri: 'http://c.test/debian', suite: 'bookworm-updates', signedBy: undefined },
  ])
})

test('reads stanzas with several suites, comments and disabled ones', () => {
  const text = `Types: deb
# a comment
URIs: http://a.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/k.gpg

Enabled: no
Types: deb
URIs: http://b.test/debian
Suites: bookworm
Components: main
`
  const signedBy = '/usr/share/keyrings/k.gpg'
  expect(parseAptSources('debian.sources', text)).toEqual([
    { uri: 'http://a.test/debian', suite: 'bookworm', signedBy },
    { uri: 'http://a.test/debian', suite: 'bookworm-updates', signedBy },
  ])
})

test('writes a source as apt reads it', () => {
  const source = { uri: 'http://a.test/debian', suite: 'trixie', signedBy: '/k.gpg' }
  expect(aptLine(source)).toBe('deb [signed-by=/k.gpg] http://a.test/debian trixie main')
  expect(parseAptSources('x.list', aptLine(source))).toEqual([source])
})
