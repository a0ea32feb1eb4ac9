import type { InstanceAt, Registration } from '@rollcall/client'
import { RegistryError } from '@rollcall/protocol'
import { silentLog, start } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { SelfRegistration, type Changes } from './self-registration.ts'
import { socketOn, surveyOf } from './testing/surveys.ts'

const LOOK_EVERY_MS = 2_000

function setUp() {
  const clock = new FakeClock()
  const told: string[] = []
  const puts: Registration[] = []
  const changes: Changes[] = []
  const machine = { survey: surveyOf([socketOn(80)]), looks: 0, pending: Promise.resolve() }
  const name = ({ service, id }: InstanceAt) => `${service} ${id}`
  const self = new SelfRegistration({
    registrar: {
      put: (registration) => {
        told.push(`put ${name(registration)}`)
        puts.push(registration)
      },
      remove: (at) => told.push(`remove ${name(at)}`),
    },
    survey: async () => {
      machine.looks += 1
      await machine.pending
      return machine.survey
    },
    clock,
    random: () => 0.5,
    log: silentLog,
    onChanges: (change) => changes.push(change),
  })
  const lose = (service: string, code: 'superseded' | 'forbidden') => {
    const registration = puts.find((put) => put.service === service)
    if (registration) self.lost(registration, new RegistryError(code, 'Gone.'))
    return registration
  }
  return { clock, told, changes, machine, self, lose }
}

test('registers the machine and its services at once, and nothing again while nothing changes', async () => {
  const { clock, told, changes, machine, self } = setUp()
  await using _ = start(self)

  await clock.advance(0)
  expect(told).toEqual(['put infra.machine box', 'put api box:80'])
  expect(changes[0]?.appeared).toHaveLength(2)

  await clock.advance(10 * LOOK_EVERY_MS)
  expect(machine.looks).toBe(11)
  expect(told).toHaveLength(2)
  expect(changes).toHaveLength(1)
})

test('puts a socket that appeared, puts again one that changed, removes one that went', async () => {
  const { clock, told, changes, machine, self } = setUp()
  await using _ = start(self)
  await clock.advance(0)
  told.length = 0

  machine.survey = surveyOf([socketOn(80), socketOn(81, { name: 'web' })])
  await clock.advance(LOOK_EVERY_MS)
  expect(told.splice(0)).toEqual(['put web box:81'])

  machine.survey = surveyOf([socketOn(80, { pid: 200 }), socketOn(81, { name: 'web' })])
  await clock.advance(LOOK_EVERY_MS)
  expect(told.splice(0)).toEqual(['put api box:80'])
  expect(changes.at(-1)?.changed[0]?.body.metadata?.['pid']).toBe('200')

  machine.survey = surveyOf([socketOn(80, { pid: 200 })])
  await clock.advance(LOOK_EVERY_MS)
  expect(told.splice(0)).toEqual(['remove web box:81'])
  expect(changes.at(-1)?.gone[0]?.service).toBe('web')
})

test('leaves a service to a newer process that holds it', async () => {
  const { clock, told, machine, self, lose } = setUp()
  await using _ = start(self)
  await clock.advance(0)
  told.length = 0

  lose('api', 'superseded')
  machine.survey = surveyOf([socketOn(80, { pid: 200 }), socketOn(81)])
  await clock.advance(LOOK_EVERY_MS)
  expect(told).toEqual(['put api box:81'])
})

test('tries a service that was refused again only when it has other content', async () => {
  const { clock, told, machine, self, lose } = setUp()
  await using _ = start(self)
  await clock.advance(0)
  told.length = 0

  lose('api', 'forbidden')
  await clock.advance(LOOK_EVERY_MS)
  expect(told).toEqual([])

  machine.survey = surveyOf([socketOn(80, { pid: 200 })])
  await clock.advance(LOOK_EVERY_MS)
  expect(told).toEqual(['put api box:80'])
})

test('stands down for a newer agent on the same machine', async () => {
  const { clock, told, machine, self, lose } = setUp()
  await using _ = start(self)
  await clock.advance(0)
  told.length = 0

  lose('infra.machine', 'superseded')
  expect(told).toEqual(['remove api box:80'])

  machine.survey = surveyOf([socketOn(81)])
  await clock.advance(5 * LOOK_EVERY_MS)
  expect(told).toHaveLength(1)
  expect(machine.looks).toBe(1)
})

test('stops when told to', async () => {
  const { clock, told, machine, self } = setUp()
  const running = start(self)
  await clock.advance(0)
  machine.survey = surveyOf([])
  await running[Symbol.asyncDispose]()

  await clock.advance(LOOK_EVERY_MS)
  expect(machine.looks).toBe(1)
  expect(told).toHaveLength(2)
})

test('puts nothing that a look finds which was under way at the end', async () => {
  const { clock, told, machine, self } = setUp()
  const stopping = new AbortController()
  let finish = () => {}
  machine.pending = new Promise((resolve) => {
    finish = resolve
  })
  const ended = self.run(stopping.signal)
  await clock.advance(0)

  stopping.abort()
  finish()
  await ended
  expect(machine.looks).toBe(1)
  expect(told).toEqual([])
})
