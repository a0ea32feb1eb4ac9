import type { ErrorCode, Problem } from '@rollcall/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import {
  operationsOf,
  setUpApp,
  type AppHarness,
  type Call,
  type Operation,
} from '../testing/index.ts'
import { NOT_A_CLUSTER } from '../testing/bad-catalog-rows.ts'
import { BAD_NAMES, ROWS, SOUND, type SoundCall } from '../testing/bad-input-rows.ts'
import { STATUS_OF } from './problem.ts'

/** One app for all rows: each is refused and changes nothing, which is what is tested. */
const BODY_MAX_BYTES = 96 * 1_024
const t = await setUpApp({
  limits: {
    heartbeatsBodyMaxBytes: BODY_MAX_BYTES,
    catalogBodyMaxBytes: BODY_MAX_BYTES,
    restoreBodyMaxBytes: BODY_MAX_BYTES,
  },
})
afterAll(() => t[Symbol.asyncDispose]())
t.register({}, {}, 1_690_000_000_000)
t.register({ id: 'twin', zone: 'z1' })
t.register({ id: 'twin', zone: 'z2' })
await fill(t)

const operations = operationsOf(t.app)

function truth() {
  const services = [...t.plane.list({})].map((service) => ({
    ...service,
    zones: [...service.zones],
  }))
  return JSON.stringify([
    t.plane.stats(),
    t.plane.core.writes,
    services,
    t.catalog.catalog.status(),
  ])
}

async function expectRefused(line: string, code: ErrorCode, call?: Call): Promise<Problem> {
  const before = truth()
  const answer = await t.ask(line, call)
  expect(`${answer.status} ${answer.text}`).toContain(`"code":"${code}"`)
  expect(answer.status).toBe(STATUS_OF[code])
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(answer.headers['x-rollcall-node']).toBe('n1')
  expect(answer.body).toMatchObject({
    type: `urn:rollcall:error:${code}`,
    status: STATUS_OF[code],
    title: expect.any(String),
    detail: expect.stringMatching(/\.$/),
    details: expect.any(Object),
  })
  expect(truth()).toBe(before)
  expect(t.waiters.count).toBe(0)
  return answer.body as unknown as Problem
}

test('every operation has rows and a sound call, and there are none for what is no operation', () => {
  const names = operations.map(({ name }) => name).sort()
  expect(Object.keys(SOUND).sort()).toEqual(names)
  expect(Object.keys(ROWS).sort()).toEqual(names)
})

test('the sound calls are sound, so that each row is refused for what is wrong with it alone', async () => {
  await using other = await setUpApp()
  await fill(other)
  for (const [name, sound] of Object.entries(SOUND)) {
    if (name.endsWith('/watch') || NOT_A_CLUSTER.has(name)) continue
    other.register()
    await other.catalog.catalog.kv.put('a', Buffer.from('v'))
    const { id } = await other.catalog.catalog.leases.grant({ ttlMs: 5_000 })
    const line = lineOf(name, isOfLease(name) ? { ...sound, path: { id: String(id) } } : sound)
    const answer = await other.ask(line, callOf(sound))
    expect(`${name} ${answer.status}`).toMatch(/ 20[014]$/)
  }
})

describe.each(operations)('$name refuses', (operation) => {
  const rows = [...commonRows(operation), ...(ROWS[operation.name] ?? [])]

  test.each(rows)('$what: $code', async ({ code, line, field, ...call }) => {
    const problem = await expectRefused(line ?? lineOf(operation.name, soundOf(operation)), code, {
      ...callOf(soundOf(operation)),
      ...call,
    })
    if (field !== undefined) expect(problem.details).toMatchObject({ field })
  })
})

/** What the rows say that the catalog holds. */
async function fill({ catalog: { catalog } }: AppHarness): Promise<void> {
  await catalog.kv.put('a', Buffer.from('v'))
  await catalog.namespaces.create('', { name: 'shop', kind: 'inner' })
  await catalog.namespaces.create('shop', { name: 'db', kind: 'leaf' })
  await catalog.namespaces.create('shop', { name: 'parts', kind: 'inner' })
  const machine = { id: 'm-1', properties: { hostname: 'h1' } }
  await catalog.resources.add({ type: 'machine', ns: 'pool' }, machine)
}

function isOfLease(name: string): boolean {
  return name.includes('/leases/{id}')
}

interface RowOfAny extends Call {
  readonly what: string
  readonly code: ErrorCode
  readonly line?: string
  readonly field?: string
}

/** What is wrong in the same way on every route of a kind. */
function commonRows(operation: Operation): RowOfAny[] {
  const rows = [wrongMethod(operation)]
  if (!operation.path.startsWith('/registry/')) return rows
  const isWatch = operation.path.endsWith('/watch')
  const sound = soundOf(operation)
  rows.push(
    ...nameRows(operation),
    ...queryRows(operation),
    ...(operation.method === 'GET' ? [] : bodyRows(operation)),
    {
      what: 'an answer that it cannot give',
      code: 'not_acceptable',
      headers: { accept: isWatch ? 'application/json' : 'text/html' },
    },
    {
      what: 'a URL of 49,153 characters',
      code: 'uri_too_long',
      line: `${lineOf(operation.name, sound)}${hasQuery(sound) ? '&' : '?'}`.padEnd(
        operation.method.length + 1 + 49_153,
        'x',
      ),
    },
  )
  return rows
}

function wrongMethod({ name, path }: Operation): RowOfAny {
  const sound = SOUND[name] ?? {}
  const [, url = ''] = lineOf(name, sound).split(' ')
  const known = operations
    .filter((other) => new RegExp(`^${other.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .map(({ method }) => method)
  const wrong = ['POST', 'GET', 'TRACE'].find((method) => !known.includes(method)) ?? ''
  return {
    what: `the method ${wrong}, whatever the body`,
    code: 'method_not_allowed',
    line: `${wrong} ${url}`,
    ...(wrong === 'POST' && { body: 'x', headers: { 'content-type': 'text/plain' } }),
  }
}

function nameRows(operation: Operation): RowOfAny[] {
  const sound = soundOf(operation)
  const params = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? []
  // Keys and paths have rules of their own.
  return params.flatMap(({ name }) =>
    name === 'key' || name === 'path'
      ? []
      : [
          ...(hasOwnRules(operation, name) ? [] : BAD_NAMES).map((bad) => ({
            what: `${name} ${bad.what}`,
            code: 'invalid_argument' as const,
            field: `path.${name}`,
            line: lineOf(operation.name, {
              ...sound,
              path: { [name]: encodeURIComponent(bad.name) },
            }),
          })),
          {
            what: `${name} that is not encoded correctly`,
            code: 'invalid_argument' as const,
            line: lineOf(operation.name, { ...sound, path: { [name]: '%zz' } }),
          },
          {
            what: `${name} of 2,049 characters`,
            code: 'uri_too_long' as const,
            line: lineOf(operation.name, { ...sound, path: { [name]: 'x'.repeat(2_049) } }),
          },
        ],
  )
}

/** What has no grammar in requests that read it: there is one, or not. */
function hasOwnRules({ path }: Operation, name: string): boolean {
  return name === 'type' || path.includes('/resources/')
}

const NAMES = new Set(['service', 'env', 'zone', 'id'])

function queryRows(operation: Operation): RowOfAny[] {
  const sound = soundOf(operation)
  const params = operation.parameters?.filter((parameter) => parameter.in === 'query') ?? []
  const line = (query: string) => lineOf(operation.name, { ...sound, query })
  const rest = (name: string) =>
    [...new URLSearchParams(sound.query)]
      .filter(([other]) => other !== name)
      .map(([other, value]) => `${other}=${encodeURIComponent(value)}&`)
      .join('')
  const rows: RowOfAny[] = [
    {
      what: 'an unknown parameter',
      code: 'invalid_argument',
      field: 'query',
      line: line(`${rest('')}nonsense=1`),
    },
  ]
  for (const { name } of params) {
    const isMany = operation.path.endsWith('/watch') && ['service', 'kv', 'ns'].includes(name)
    const value = NAMES.has(name) ? 'web' : '1'
    if (!isMany) {
      rows.push({
        what: `${name} twice`,
        code: 'invalid_argument',
        line: line(`${rest(name)}${name}=${value}&${name}=${value}`),
      })
    }
    if (!NAMES.has(name)) continue
    for (const bad of BAD_NAMES) {
      // A list takes it for all envs.
      if (operation.name === 'GET /registry/v1/services' && bad.name === '*') continue
      rows.push({
        what: `${name} ${bad.what}`,
        code: 'invalid_argument',
        line: line(`${rest(name)}${name}=${encodeURIComponent(bad.name)}`),
      })
    }
  }
  return rows
}

function bodyRows(operation: Operation): RowOfAny[] {
  const tooLarge: RowOfAny = {
    what: 'a body of 96 KiB',
    code: 'limit_exceeded',
    body: `"${'x'.repeat(BODY_MAX_BYTES)}"`,
  }
  // Values and backups are bytes, whatever they are called.
  if (/\/(kv(\/\{key\})?|restore)$/.test(operation.path)) return [tooLarge]
  const headersOf = (type: string) => ({ headers: { 'content-type': type } })
  const rows: RowOfAny[] = [
    { what: 'broken JSON', code: 'invalid_json', body: '{"addresses":[' },
    { what: 'JSON with a poisoned prototype', code: 'invalid_json', body: '{"__proto__":{"a":1}}' },
    { what: 'text', code: 'unsupported_media_type', body: 'a=b', ...headersOf('text/plain') },
    {
      what: 'a form',
      code: 'unsupported_media_type',
      body: 'a=b',
      ...headersOf('application/x-www-form-urlencoded'),
    },
    tooLarge,
  ]
  if (!operation.requestBody) return rows
  for (const [what, body] of WRONG_BODIES) {
    rows.push({ what, code: 'invalid_argument', field: 'body', body })
  }
  return rows
}

const WRONG_BODIES: readonly (readonly [string, unknown])[] = [
  ['an empty body', ''],
  ['null', null],
  ['an array', []],
  ['a text', '"text"'],
  ['a number', 1],
  ['an unknown field', { nonsense: 1 }],
]

function soundOf({ name }: Operation): SoundCall {
  return SOUND[name] ?? {}
}

function hasQuery({ query }: SoundCall): boolean {
  return query !== undefined
}

function callOf({ body }: SoundCall): Call {
  return body === undefined ? {} : { body }
}

/** The request line of an operation: its path filled in, its query added. */
function lineOf(name: string, { path = {}, query }: SoundCall): string {
  const filled = name.replaceAll(
    /\{(\w+)\}/g,
    (_, param: string) => path[param] ?? DEFAULTS[param] ?? '',
  )
  return query === undefined ? filled : `${filled}?${query}`
}

const DEFAULTS: Readonly<Record<string, string>> = { service: 'web', id: 'a' }
