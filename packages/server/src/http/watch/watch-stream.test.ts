import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { SteppedConnection } from '../../testing/stepped-connection.ts'
import { CatalogTopic } from './catalog-topic.ts'
import { KvFeed } from './kv-feed.ts'
import { NsFeed } from './ns-feed.ts'
import { PathSet } from './path-set.ts'
import { PrefixSet } from './prefix-set.ts'
import { Turns } from './turns.ts'
import { WatchStream } from './watch-stream.ts'

test.each(['kv', 'ns'] as const)(
  'what changes while the last page of %s is on its way may be resumed from',
  async (part) => {
    await using t = await setUpCatalog()
    const { catalog, clock } = t
    const feed =
      part === 'kv'
        ? new KvFeed(catalog, new PrefixSet(['']))
        : new NsFeed(catalog, new PathSet(['']))
    const write = async (name: string) => {
      if (part === 'kv') await catalog.kv.put(name, Buffer.from('x'.repeat(300)))
      else await catalog.namespaces.create('', { name, kind: 'leaf' })
    }
    await write('a')
    const topic = new CatalogTopic({ feed, clock, turns: new Turns(clock) })
    const wire = new SteppedConnection()
    const stream = new WatchStream({
      raw: wire,
      topics: [topic],
      deliveredToken: String,
      queueMaxChanges: 9,
      queueMaxBytes: 9_000,
      onResync: () => {},
    })
    stream.subscribe()
    stream.open([topic.snapshot()])
    // The page is written, and the client has not taken it.
    await write('b')
    await clock.advance(0)
    while (wire.take()) await clock.advance(0)
    const ids = wire.text.split('\n').filter((line) => line.startsWith('id: '))
    expect(ids).toEqual(['id: 1', 'id: 2'])
  },
)
