import { expect, test } from 'vitest'
import { Leftovers } from './leftovers.ts'

function setUp() {
  const disposed: string[] = []
  const part = (name: string): AsyncDisposable => ({
    [Symbol.asyncDispose]: async () => {
      disposed.push(name)
    },
  })
  return { disposed, part }
}

test('disposes the last first, and each once', async () => {
  const { disposed, part } = setUp()
  const leftovers = new Leftovers()
  leftovers.use(part('folder'))
  leftovers.use(part('process'))
  await leftovers[Symbol.asyncDispose]()
  await leftovers[Symbol.asyncDispose]()
  expect(disposed).toEqual(['process', 'folder'])
})

test('what was moved is the new owner’s', async () => {
  const { disposed, part } = setUp()
  const leftovers = new Leftovers()
  leftovers.use(part('folder'))
  const moved = leftovers.move()
  await leftovers[Symbol.asyncDispose]()
  expect(disposed).toEqual([])
  await moved[Symbol.asyncDispose]()
  expect(disposed).toEqual(['folder'])
})
