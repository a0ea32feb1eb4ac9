import { CommanderError } from 'commander'
import { expect, test } from 'vitest'
import { RegistryError } from '@rollcall/protocol'
import { errorText, exitCodeOf } from './errors.ts'

const plain = { json: false }

test.each([
  ['invalid_argument', 2],
  ['service_not_found', 3],
  ['instance_not_found', 3],
  ['route_not_found', 3],
  ['unavailable', 1],
  ['unauthenticated', 1],
  ['superseded', 1],
] as const)('%s ends with %i', (code, exitCode) => {
  expect(exitCodeOf(new RegistryError(code, 'No.'))).toBe(exitCode)
})

test('wrong usage ends with 2, asking for help with 0, anything unexpected with 1', () => {
  expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', 'error: x'))).toBe(2)
  expect(exitCodeOf(new CommanderError(1, 'commander.help', '(outputHelp)'))).toBe(2)
  expect(exitCodeOf(new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'))).toBe(0)
  expect(exitCodeOf(new Error('oh'))).toBe(1)
  expect(exitCodeOf('oh')).toBe(1)
})

test('an expected failure is its sentence, or a problem on one line', () => {
  const error = new RegistryError('limit_exceeded', 'Too much.', { details: { limit: 1 } })

  expect(errorText(error, plain)).toBe('Too much.')
  expect(JSON.parse(errorText(error, { json: true }) ?? '')).toEqual({
    type: 'urn:rollcall:error:limit_exceeded',
    code: 'limit_exceeded',
    detail: 'Too much.',
    details: { limit: 1 },
  })
})

test('an error of another copy of the package counts by its name and code', () => {
  class RegistryError extends Error {
    override readonly name = 'RegistryError'
    readonly code = 'service_not_found'
    readonly details = {}
  }
  expect(exitCodeOf(new RegistryError('Gone.'))).toBe(3)
  expect(errorText(new RegistryError('Gone.'), plain)).toBe('Gone.')
})

test('what ended an actor made of several is told, not that one did', () => {
  const inner = new RegistryError('service_not_found', 'Gone.')
  const error = new AggregateError([new AggregateError([inner])], 'A part of the node failed.')

  expect(exitCodeOf(error)).toBe(3)
  expect(errorText(error, plain)).toBe('Gone.')
})

test('wrong usage is one sentence, with the suggestion in it', () => {
  const error = new CommanderError(1, 'commander.unknownCommand', 'x')
  error.message = "error: unknown command 'servces'\n(Did you mean services?)"
  expect(errorText(error, plain)).toBe("Unknown command 'servces'. Did you mean services?")

  error.message = "error: missing required argument 'id'"
  expect(errorText(error, plain)).toBe("Missing required argument 'id'.")
  expect(JSON.parse(errorText(error, { json: true }) ?? '')).toMatchObject({
    code: 'invalid_argument',
    detail: "Missing required argument 'id'.",
  })
})

test('help and version leave nothing to say', () => {
  expect(errorText(new CommanderError(0, 'commander.version', '1.0.0'), plain)).toBeUndefined()
  expect(errorText(new CommanderError(1, 'commander.help', '(outputHelp)'), plain)).toBeUndefined()
})

test('a refusal by the system is its message, a bug shows where it is', () => {
  const refused = Object.assign(new Error('listen EADDRINUSE'), { syscall: 'listen' })
  expect(errorText(refused, plain)).toBe('listen EADDRINUSE')
  expect(errorText(new TypeError('x is not a function'), plain)).toMatch(
    /bug.*x is not a function[^]*errors\.test\.ts/,
  )
})
