import { expect, test } from 'vitest'
import { RegistryError } from '@rollcall/protocol'
import { RegistrationTable, type Entry, type Registration } from './registration-table.ts'
import { renewalBatches } from './renewal-batches.ts'
import { instanceOf } from './testing/far-side.ts'

const SESSION = 1_700_000_000_000

function registrationOf(id: string, version = '1'): Registration {
  return { service: 'orders', id, body: { addresses: ['http://h:80'], version } }
}

function setUp(...ids: readonly string[]) {
  const table = new RegistrationTable(SESSION)
  for (const id of ids) table.put(registrationOf(id))
  return { table, first: () => theOnly(table.due('register', 0)) }
}

function theOnly(entries: readonly Entry[]): Entry {
  const [entry] = entries
  if (!entry || entries.length > 1) throw new Error(`${entries.length} entries are due, not one.`)
  return entry
}

function confirm(table: RegistrationTable, entry: Entry): void {
  table.registering(entry)
  table.registered(entry, entry.registration, instanceOf({ id: entry.registration.id }))
}

const supersededAt = (session: number) =>
  new RegistryError('superseded', 'newer', { details: { session } })

test('the same content again is nothing to do; other content is', () => {
  const { table, first } = setUp('a')
  confirm(table, first())
  expect(table.pending.size).toBe(0)

  expect(table.put(registrationOf('a'))).toBe(false)
  expect(table.put(registrationOf('a', '2'))).toBe(true)
  expect(first().session).toBe(SESSION)
})

test('content that was put while its predecessor was under way stays to be registered', () => {
  const { table, first } = setUp('a')
  const entry = first()
  const sent = entry.registration
  table.registering(entry)
  table.put(registrationOf('a', '2'))

  table.registered(entry, sent, instanceOf())
  expect(first().registration.body.version).toBe('2')
})

test('what was removed while its register was under way is cancelled', () => {
  const { table, first } = setUp('a')
  const entry = first()
  table.registering(entry)
  table.remove({ service: 'orders', id: 'a' })

  table.registered(entry, entry.registration, instanceOf())
  expect(table.due('cancel', 0)).toEqual([entry])
  expect(table.renewable()).toEqual([])
})

test('what no server ever heard of is just forgotten', () => {
  const { table } = setUp('a')
  table.remove({ service: 'orders', id: 'a' })
  expect(table.pending.size).toBe(0)
})

test('a removal that was taken back before its cancel keeps the session', () => {
  const { table, first } = setUp('a')
  confirm(table, first())
  table.remove({ service: 'orders', id: 'a' })
  expect(table.put(registrationOf('a'))).toBe(true)
  expect(first().session).toBe(SESSION)
})

test('after its own cancel, an instance takes a greater session', () => {
  const { table, first } = setUp('a')
  const entry = first()
  confirm(table, entry)
  table.remove({ service: 'orders', id: 'a' })
  table.cancelling(entry)
  table.cancelled(entry)

  table.put(registrationOf('a'))
  expect(first().session).toBe(SESSION + 1)
})

test('one that is put again while its cancel is under way survives it, in a greater session', () => {
  const { table, first } = setUp('a')
  const entry = first()
  confirm(table, entry)
  table.remove({ service: 'orders', id: 'a' })
  table.cancelling(entry)
  table.put(registrationOf('a'))

  table.cancelled(entry)
  expect(first().session).toBe(SESSION + 1)
})

test('a first register that was superseded raises its session once', () => {
  const { table, first } = setUp('a')
  const entry = first()
  table.registering(entry)

  expect(table.raiseSession(entry, supersededAt(SESSION + 500))).toBe(true)
  expect(entry.session).toBe(SESSION + 501)
  expect(table.raiseSession(entry, supersededAt(SESSION + 900))).toBe(false)
})

test('a later register that was superseded does not raise its session', () => {
  const { table, first } = setUp('a')
  confirm(table, first())
  table.put(registrationOf('a', '2'))
  expect(table.raiseSession(first(), supersededAt(SESSION + 500))).toBe(false)
})

test('once confirmed, it is named as the server named it', () => {
  const { table, first } = setUp('a')
  const entry = first()
  expect(table.at(entry)).toEqual({ service: 'orders', id: 'a' })

  confirm(table, entry)
  expect(table.at(entry)).toEqual({ service: 'orders', id: 'a', env: 'prod', zone: 'z1' })
  const item = { service: 'orders', id: 'a', env: 'prod', zone: 'z1', session: SESSION, content: 7 }
  expect(table.renewable()).toEqual([{ entry, item }])
})

test('renewals are split by count', () => {
  const { table, first } = setUp('a')
  confirm(table, first())
  const [one] = table.renewable()
  const many = Array.from({ length: 20_001 }, () => one).filter((each) => each !== undefined)

  expect(renewalBatches(many).map((batch) => batch.length)).toEqual([10_000, 10_000, 1])
  expect(renewalBatches([])).toEqual([])
})

test('renewals with long names are split before they exceed 4 MiB', () => {
  const long = 'n'.repeat(128)
  const item = {
    service: long,
    id: long,
    env: long,
    zone: long,
    session: SESSION,
    content: 2 ** 52,
  }
  const { first } = setUp('a')
  const all = Array.from({ length: 10_000 }, () => ({ entry: first(), item }))

  const batches = renewalBatches(all)
  const sizes = batches.map((batch) =>
    Buffer.byteLength(JSON.stringify({ instances: batch.map(({ item }) => item) })),
  )
  expect(batches.flat()).toHaveLength(10_000)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * 1024 * 1024)
  expect(batches).toHaveLength(2)
})
