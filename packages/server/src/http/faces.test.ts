import { describe, expect, test } from 'vitest'
import { setUpApp, type AppHarness } from '../testing/index.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const BILIBILI = 'env=dev&zone=z1&appid=web&hostname=h'
const ARTICLE = { env: 'dev', appid: 'web', hostname: 'h' }
const NATIVE = '/registry/v1/services/web/instances/h?env=dev'
const ADDRESSES = ['http://10.0.0.1:80']

/** What each face does, so that each can be tried against the others. */
const FACES = {
  native: {
    register: (t: AppHarness) => t.ask(`PUT ${NATIVE}`, { body: { addresses: ADDRESSES } }),
    cancel: (t: AppHarness) => t.ask(`DELETE ${NATIVE}`),
    sees: async (t: AppHarness) => {
      const { status, text } = await t.ask('GET /registry/v1/services/web?env=dev')
      return status === 200 && text.includes('"id":"h"') && text.includes(`${ADDRESSES[0]}`)
    },
  },
  bilibili: {
    register: (t: AppHarness) => {
      const body = `${BILIBILI}&status=1&addrs=${ADDRESSES[0]}`
      return t.ask('POST /discovery/register', { body, headers: FORM })
    },
    cancel: (t: AppHarness) => t.ask('POST /discovery/cancel', { body: BILIBILI, headers: FORM }),
    sees: async (t: AppHarness) => {
      const { text } = await t.ask('GET /discovery/fetch?env=dev&appid=web&status=1')
      return text.includes('"hostname":"h"') && text.includes(`${ADDRESSES[0]}`)
    },
  },
  article: {
    register: (t: AppHarness) =>
      t.ask('POST /api/register', { body: { ...ARTICLE, status: 1, addrs: ADDRESSES } }),
    cancel: (t: AppHarness) => t.ask('POST /api/cancel', { body: ARTICLE }),
    sees: async (t: AppHarness) => {
      const { text } = await t.ask('POST /api/fetch', { body: ARTICLE })
      return text.includes('"hostname":"h"') && text.includes(`${ADDRESSES[0]}`)
    },
  },
}

type FaceName = keyof typeof FACES
const NAMES = Object.keys(FACES) as FaceName[]
const PAIRS = NAMES.flatMap((by) => NAMES.map((from): [FaceName, FaceName] => [by, from]))

async function seers(t: AppHarness): Promise<string[]> {
  const seen: string[] = []
  for (const name of NAMES) if (await FACES[name].sees(t)) seen.push(name)
  return seen
}

describe('one instance through all faces', () => {
  test.each(PAIRS)('registered by %s, seen by all, cancelled by %s', async (by, from) => {
    await using t = await setUpApp()
    await FACES[by].register(t)
    expect(await seers(t)).toEqual(NAMES)
    const cancelled = await FACES[from].cancel(t)
    expect(cancelled.status).toBeLessThan(300)
    expect(await seers(t)).toEqual([])
  })
})

test('a foreign registration over a native one is the same instance with new content', async () => {
  await using t = await setUpApp()
  await FACES.native.register(t)
  await FACES.bilibili.register(t)
  await FACES.article.register(t)
  expect(t.plane.stats()).toMatchObject({ services: 1, live: 1 })
})
