import fastify from 'fastify'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { LONG_BODY_CHARS, parseJsonBodies } from './body-parsers.ts'

const WAIT = { withinMs: 10_000, everyMs: 1 }

/** An app that answers what it was sent, and the turns that its clock was asked for. */
function setUp() {
  const turns: (() => void)[] = []
  const handled: string[] = []
  const app = fastify({ bodyLimit: 10 * LONG_BODY_CHARS })
  const after = (_: number, act: () => void) => {
    turns.push(act)
    return () => {}
  }
  parseJsonBodies(app, { after })
  app.post('/', ({ body }) => {
    const { name } = body as { name: string }
    handled.push(name)
    return { name }
  })
  const post = (payload: string) =>
    app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/json' },
      payload,
    })
  // As the event loop does: whatever was asked for until now, and nothing that is asked for meanwhile.
  const turn = async () => {
    await until('a turn is asked for', () => turns.length > 0 || undefined, WAIT)
    for (const act of turns.splice(0)) act()
  }
  return { app, turns, handled, post, turn }
}

const long = (name: string) => JSON.stringify({ name }).padEnd(LONG_BODY_CHARS + 1, ' ')

test('long bodies are read in a turn each, one after the other, and short ones at once', async () => {
  const t = setUp()
  const asked = [t.post(long('one')), t.post(long('two'))]
  await t.post('{"name":"short"}')
  await t.post(JSON.stringify({ name: 'most' }).padEnd(LONG_BODY_CHARS, ' '))
  expect(t.handled).toEqual(['short', 'most'])
  await t.turn()
  expect((await asked[0])?.json()).toEqual({ name: 'one' })
  expect(t.handled).toEqual(['short', 'most', 'one'])
  await t.turn()
  expect((await asked[1])?.json()).toEqual({ name: 'two' })
  expect(t.turns).toEqual([])
})

test('what a long body is refused for is told after its turn', async () => {
  const t = setUp()
  const asked = t.post(`${long('one')}}`)
  await t.turn()
  expect((await asked).json()).toMatchObject({ message: 'The body is not JSON.' })
  expect(t.handled).toEqual([])
})
