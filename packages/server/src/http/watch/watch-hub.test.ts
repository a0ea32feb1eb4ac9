import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import { instanceFilter } from '../instance-filter.ts'
import { ServiceBodies } from '../service-bodies.ts'
import { WatchHub } from './watch-hub.ts'
import { WatchStream } from './watch-stream.ts'

function setUp() {
  const { plane: instances, clock } = setUpPlane()
  const hub = new WatchHub({ instances, bodies: new ServiceBodies(instances), clock })
  const topics = (service: string) => hub.topics([{ env: 'default', service }], instanceFilter({}))
  const enter = (service: string) => {
    const stream = new WatchStream({
      raw: new PassThrough(),
      topics: topics(service),
      deliveredToken: () => '',
      queueMaxChanges: 1,
      queueMaxBytes: 1,
      onResync: () => {},
    })
    const exit = hub.enter(stream)
    stream.subscribe()
    return exit
  }
  return { clock, hub, enter, topic: (service: string) => topics(service)[0] }
}

test('those who watch the same share a topic', () => {
  const { enter, topic } = setUp()
  enter('web')
  const shared = topic('web')
  expect(shared?.isWatched).toBe(true)
  enter('web')
  expect(topic('web')).toBe(shared)
  expect(topic('api')).not.toBe(shared)
})

test('topics are forgotten when the last watcher has left', () => {
  const { enter, hub, topic } = setUp()
  const exits = [enter('web'), enter('api')]
  const web = topic('web')
  exits[0]?.()
  expect(topic('web')).toBe(web)
  exits[1]?.()
  expect(hub.count).toBe(0)
  expect(topic('web')).not.toBe(web)
})

test('topics that nobody watches are forgotten at the next ping while others watch', () => {
  const { clock, enter, topic } = setUp()
  const exit = enter('web')
  enter('api')
  const [web, api] = [topic('web'), topic('api')]
  exit()
  clock.advanceNow(15_000)
  expect(topic('api')).toBe(api)
  expect(topic('web')).not.toBe(web)
})
