import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { relaySignals } from './relay-signals.ts'

function setUp(hasTerminal: boolean) {
  const process = new EventEmitter()
  const passed: string[] = []
  const relaying = relaySignals({ process, hasTerminal, to: (name) => passed.push(name) })
  return { process, passed, relaying }
}

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2']

test('hands every signal on, each time that it comes', () => {
  const { process, passed } = setUp(false)
  for (const name of [...SIGNALS, 'SIGINT']) process.emit(name)
  expect(passed).toEqual([...SIGNALS, 'SIGINT'])
})

test('what a terminal sends to the command by itself is not sent twice, nor obeyed', () => {
  const { process, passed } = setUp(true)
  for (const name of SIGNALS) expect(process.emit(name)).toBe(true)
  expect(passed).toEqual(['SIGTERM', 'SIGHUP', 'SIGUSR2'])
})

test('gives the signals back to the process when it is disposed', () => {
  const { process, relaying } = setUp(false)
  relaying[Symbol.dispose]()
  expect(process.eventNames()).toEqual([])
})
