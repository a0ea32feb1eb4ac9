import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMAND_MAX_BYTES, commandText } from './command-line.ts'

const split = (text: string) => text.split(' ')

test.each([
  ['node server.js --port 8080', 'node server.js --port 8080'],
  ['srv --token hunter2 -v', 'srv --token *** -v'],
  ['srv --token=hunter2', 'srv --token=***'],
  ['srv -passwd -hunter2', 'srv -passwd ***'],
  ['srv --require-auth --port 80', 'srv --require-auth --port 80'],
  ['redis-server --requirepass hunter2', 'redis-server --requirepass ***'],
  ['redis-server -a hunter2', 'redis-server -a ***'],
  ['/usr/sbin/mysqld -phunter2 -P 3306', '/usr/sbin/mysqld -p*** -P 3306'],
  ['nginx -p /srv/www', 'nginx -p /srv/www'],
  ['env API_KEY=hunter2 srv', 'env API_KEY=*** srv'],
  [
    'java -Djavax.net.ssl.keyStorePassword=hunter2 App',
    'java -Djavax.net.ssl.keyStorePassword=*** App',
  ],
  ['srv /Password:hunter2', 'srv /Password:***'],
  ['srv --db postgres://app:hunter2@db/orders', 'srv --db postgres://***@db/orders'],
  ['srv --db postgres://app:hun/t@er2@db/orders', 'srv --db postgres://***@db/orders'],
  ['srv --dsn=app:hunter2@tcp(db:3306)/orders', 'srv --dsn=***@tcp(db:3306)/orders'],
  ['srv http://h/?access_token=hunter2&x=1', 'srv http://h/?access_token=***&x=1'],
  ['srv {"password":"hunter2","port":1}', 'srv {"password":***,"port":1}'],
  ['srv Server=db;Pwd=hunter2;X=1', 'srv Server=db;Pwd=***;X=1'],
])('shows %j as %j', (command, shown) => {
  expect(commandText(split(command))).toBe(shown)
})

test('masks a value with blanks as a whole, and within a script', () => {
  expect(commandText(['srv', '--secret', 'two words'])).toBe('srv --secret ***')
  expect(commandText(['srv', '-H', 'Authorization: Bearer hunter2'])).toBe(
    'srv -H Authorization:***',
  )
  expect(commandText(['sh', '-c', 'exec srv --password "a b" -v; TOKEN=hunter2 other'])).toBe(
    'sh -c exec srv --password *** -v; TOKEN=*** other',
  )
})

test('makes one line of whatever the arguments hold', () => {
  expect(commandText(['srv', 'a\nb\u001B[2Jc', '', '\u202Ed'])).toBe('srv a b [2Jc d')
})

test('cuts a long line at a character, never past the limit', () => {
  const text = commandText(['srv', 'é'.repeat(1_000)])
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(COMMAND_MAX_BYTES)
  expect(text).toMatch(/^srv é+…$/)
})

test('no secret behind a telling name is ever shown, wherever it stands', () => {
  const secret = 'S3CR3T'
  const option = fc.constantFrom('token', 'db-password', 'API_KEY', 'clientSecret', 'credentials')
  const shape = fc.constantFrom(
    (name: string) => [`--${name}`, secret],
    (name: string) => [`--${name}=${secret}`],
    (name: string) => [`${name}=${secret}`],
    (name: string) => [`x;${name}=${secret};y`],
    () => [`redis://user:${secret}@host`],
  )
  const other = fc.array(fc.constantFrom('-v', 'run', '--port=1', 'a@b', '-x', '/key/path'))
  fc.assert(
    fc.property(option, shape, fc.tuple(other, other), (name, make, [before, after]) => {
      expect(commandText(['srv', ...before, ...make(name), ...after])).not.toContain(secret)
    }),
  )
})

test('takes no long time for odd arguments', () => {
  const startedMs = process.cpuUsage().user
  for (const odd of ['auth', 'a:', '://', '-key', ' -pass', '"', 'x@']) {
    commandText(['srv', odd.repeat(100_000)])
    commandText(['srv', 'p', odd.repeat(100_000)])
  }
  expect((process.cpuUsage().user - startedMs) / 1_000).toBeLessThan(2_000)
})
