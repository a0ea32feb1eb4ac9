/**
 * Every limit, with its named error and nothing changed.
 *
 * @module
 */

import { expect, test } from 'vitest'
import {
  COMMIT_LIMITS,
  LEASE_KEYS_LIMIT,
  RANGE_BYTES,
  RANGE_LIMIT,
  type Commit,
  type Engine,
} from '../../catalog/engine.ts'
import {
  bytes,
  doAll,
  doing,
  expectNothingSince,
  live,
  nextChange,
  put,
  read,
  removeBelow,
  type EngineKind,
} from './home.ts'

const repeat = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

export function limitContract(kind: EngineKind): void {
  test.each(Object.entries(tooMuch()))('%s', async (what, { commit, actual, limit }) => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('before'))
    await expect(engine.commit(commit)).rejects.toMatchObject({
      code: 'limit_exceeded',
      details: { what, actual, limit },
    })
    expect(await engine.range({ prefix: '', limit: 10 })).toMatchObject({
      entries: [{ key: 'before' }],
    })
    await expectNothingSince(engine, revision)
  })

  test('a commit at its limits is done', async () => {
    const { engine } = await live(kind)
    const { operations, compares, keyBytes } = COMMIT_LIMITS
    await doAll(engine, ...repeat(operations, (at) => put(`k/${at}`)))
    const exists = repeat(compares, (at) => ({ kind: 'exists', key: `k/${at}`, exists: true }))
    const commit = { compares: exists, then: [put('x'.repeat(keyBytes))] } as Commit
    expect(await engine.commit(commit)).toMatchObject({ succeeded: true })
    const value = Buffer.alloc(1_024 * 1_024)
    await engine.commit(doing({ kind: 'put', key: 'large', value }))
    const { entries } = await engine.range({ prefix: 'large', limit: 1 })
    expect(entries[0]?.value.byteLength).toBe(value.byteLength)
  })

  test('up to 10,000 keys may be deleted by prefix or looked at', async () => {
    const { engine } = await live(kind)
    await fill(engine, COMMIT_LIMITS.prefixKeys)
    await doAll(engine, put('p/one-more'))
    const limit = { code: 'limit_exceeded', details: { what: 'keys by prefix in one commit' } }
    const { revision } = await doAll(engine, put('q'))
    await expect(doAll(engine, removeBelow('p/'))).rejects.toMatchObject(limit)
    const compare = { kind: 'unchanged_since', prefix: 'p/', revision } as const
    await expect(engine.commit({ compares: [compare], then: [] })).rejects.toMatchObject(limit)
    await expectNothingSince(engine, revision)
    const { results } = await doAll(engine, removeBelow('p/0'))
    expect(results).toEqual([{ kind: 'deleted', count: COMMIT_LIMITS.prefixKeys }])
    expect((await engine.range({ prefix: '', limit: 5 })).entries).toHaveLength(3)
  })

  test('up to 10,000 keys may hang on a lease, and all end in one revision', async () => {
    const { engine } = await live(kind)
    const { id } = await engine.leases.grant({ ttlMs: 60_000 })
    await fill(engine, LEASE_KEYS_LIMIT, id)
    await expect(doAll(engine, put('p/one-more', '', id))).rejects.toMatchObject({
      code: 'limit_exceeded',
      details: { what: 'keys on one lease' },
    })
    await doAll(engine, put('p/000000', 'again', id), put('p/000001', 'without'))
    const { revision } = await doAll(engine, put('p/one-more', '', id))
    const revoked = await engine.leases.revoke(id)
    expect(revoked.revision).toBeGreaterThan(revision)
    const [at, ...ended] = await nextChange(engine, revision + 1)
    expect([at, ended.length]).toEqual([revoked.revision, LEASE_KEYS_LIMIT])
    expect((await engine.range({ prefix: '', limit: 5 })).entries).toMatchObject([
      { key: 'p/000001' },
    ])
  })

  test.each([['half a character \ud800'], ['\udfff'], ['']])(
    'a key that is no well-formed text is refused: %j',
    async (key) => {
      const { engine } = await live(kind)
      const refusal = { code: 'invalid_argument' }
      await expect(doAll(engine, put(key))).rejects.toMatchObject(refusal)
      await expect(doAll(engine, read(key))).rejects.toMatchObject(refusal)
    },
  )

  test('a page of a range holds no more than it may', async () => {
    const { engine } = await live(kind)
    for (const limit of [0, 1.5, RANGE_LIMIT + 1]) {
      const range = engine.range({ prefix: '', limit })
      await expect(range).rejects.toMatchObject({ code: 'invalid_argument' })
    }
    const value = Buffer.alloc(1_000_000)
    for (let at = 0; at < 6; at += 1) {
      await engine.commit(doing({ kind: 'put', key: `large/${at}`, value }))
    }
    const page = await engine.range({ prefix: 'large/', limit: 10 })
    expect(page.more).toBe(true)
    expect(page.entries).toHaveLength(Math.ceil(RANGE_BYTES / 1_000_000))
    const after = page.entries.at(-1)?.key ?? ''
    expect(await engine.range({ prefix: 'large/', after, limit: 10 })).toMatchObject({
      more: false,
    })
  })
}

interface TooMuch {
  readonly commit: Commit
  readonly actual: number
  readonly limit: number
}

function tooMuch(): Record<string, TooMuch> {
  const { operations, compares, bytes: mostBytes, keyBytes } = COMMIT_LIMITS
  const half = operations / 2
  const exists = (at: number) => ({ kind: 'exists', key: `k/${at}`, exists: true }) as const
  return {
    'operations in one commit': {
      commit: {
        compares: [],
        then: repeat(half, (at) => put(`k/${at}`)),
        otherwise: repeat(half + 1, (at) => put(`k/${at}`)),
      },
      actual: operations + 1,
      limit: operations,
    },
    'compares in one commit': {
      commit: { compares: repeat(compares + 1, exists), then: [] },
      actual: compares + 1,
      limit: compares,
    },
    'commit bytes': {
      commit: {
        compares: [{ kind: 'value', key: 'a', value: bytes('12345') }],
        then: [{ kind: 'put', key: 'b', value: Buffer.alloc(mostBytes - 64 * 2 - 7 + 1) }],
      },
      actual: mostBytes + 1,
      limit: mostBytes,
    },
    'key bytes': {
      commit: doing(put(`${'é'.repeat(keyBytes / 2)}x`)),
      actual: keyBytes + 1,
      limit: keyBytes,
    },
  }
}

/** Puts keys `p/000000`, `p/000001`, … */
async function fill(engine: Engine, count: number, lease?: number): Promise<void> {
  const name = (at: number) => `p/${String(at).padStart(6, '0')}`
  for (let from = 0; from < count; from += COMMIT_LIMITS.operations) {
    const size = Math.min(COMMIT_LIMITS.operations, count - from)
    await doAll(engine, ...repeat(size, (at) => put(name(from + at), '', lease)))
  }
}
