/**
 * What every route of the API must refuse, beyond what is the same on all of them: one row
 * for each mistake, with the code of the contract. The tests say what the node holds
 * meanwhile: `web` has `a` in `z1`, registered with a session, and `twin` in `z1` and `z2`.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol'
import { CATALOG_ROWS, CATALOG_SOUND } from './bad-catalog-rows.ts'

/** What makes a request that would do. */
export interface SoundCall {
  /** Values of path parameters, percent-encoded. */
  readonly path?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: unknown
}

export interface Row {
  readonly what: string
  readonly code: ErrorCode
  /** The whole request line, where the mistake is in it. */
  readonly line?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** What `details.field` must say. */
  readonly field?: string
}

const BASE = '/registry/v1'
const INSTANCE = `${BASE}/services/{service}/instances/{id}`
const AT = `${BASE}/services/web/instances`
const ADDRESSES = ['http://10.0.0.1:80']
/** The fake clock stands at 1_700_000_000_000, and `a` registered with 1_690_000_000_000. */
const OLDER = 1_680_000_000_000
const AHEAD = 1_700_000_060_001

export const BAD_NAMES: readonly { readonly what: string; readonly name: string }[] = [
  { what: 'of 129 characters', name: 'x'.repeat(129) },
  { what: 'that is empty', name: '' },
  { what: 'with a leading slash', name: '/web' },
  { what: 'with two dots', name: 'a/../b' },
  { what: 'with a space', name: 'a b' },
  { what: 'that is a star', name: '*' },
  { what: 'with a letter beyond ASCII', name: 'wéb' },
  { what: 'with a line break at its end', name: 'web\n' },
  { what: 'with a null character', name: 'web\0' },
]

/** One call for each operation that is answered well. */
export const SOUND: Readonly<Record<string, SoundCall>> = {
  'GET /healthz': {},
  'GET /readyz': {},
  'GET /metrics': {},
  [`PUT ${INSTANCE}`]: { body: { addresses: ADDRESSES } },
  [`GET ${INSTANCE}`]: {},
  [`PATCH ${INSTANCE}`]: { body: { weight: 3 } },
  [`DELETE ${INSTANCE}`]: {},
  [`POST ${INSTANCE}/heartbeat`]: {},
  [`POST ${BASE}/heartbeats`]: { body: { instances: [{ service: 'web', id: 'a' }] } },
  [`GET ${BASE}/services`]: {},
  [`GET ${BASE}/services/{service}`]: {},
  [`POST ${BASE}/services/{service}/protection`]: { body: { action: 'allow' } },
  [`GET ${BASE}/explain`]: { query: 'service=web' },
  [`GET ${BASE}/watch`]: { query: 'service=web' },
  [`GET ${BASE}/cluster`]: {},
  [`GET ${BASE}/cluster/members`]: {},
  [`DELETE ${BASE}/cluster/members/{id}`]: { path: { id: 'n3' } },
  ...CATALOG_SOUND,
}

const bad = (what: string, line: string, code: ErrorCode = 'invalid_argument'): Row => ({
  what,
  code,
  line,
})

const withField = (field: string, value: unknown, code: ErrorCode = 'invalid_argument'): Row => ({
  what: `${field} ${shortly(value)}`,
  code,
  body: { addresses: ADDRESSES, [field]: value },
  ...(code === 'invalid_argument' && { field: `body.${field}` }),
})

/** A registration whose field is wrong inside, so that the field is named more closely. */
const inside = (field: string, value: unknown): Row => ({
  what: `${field} ${shortly(value)}`,
  code: 'invalid_argument',
  body: { addresses: ADDRESSES, [field]: value },
})

const patch = (body: unknown, code: ErrorCode = 'invalid_argument'): Row => ({
  what: shortly(body),
  code,
  body,
})

/** Instances that are not there, or are there twice. */
const strayPlaces = (method: string, tail = ''): Row[] => [
  bad('an unknown id', `${method} ${AT}/nobody${tail}`, 'instance_not_found'),
  bad(
    'an unknown service',
    `${method} ${BASE}/services/none/instances/a${tail}`,
    'instance_not_found',
  ),
  bad('an unknown env', `${method} ${AT}/a${tail}?env=elsewhere`, 'instance_not_found'),
  bad('an unknown zone', `${method} ${AT}/a${tail}?zone=z9`, 'instance_not_found'),
  bad('an instance of two zones', `${method} ${AT}/twin${tail}`, 'ambiguous_zone'),
]

const badSessions = (method: string, tail = ''): Row[] =>
  ['1599999999999', String(AHEAD), '-1', '1690000000000.5', 'now', ''].map((session) =>
    bad(`session "${session}"`, `${method} ${AT}/a${tail}?session=${session}`),
  )

const RESERVED = `${BASE}/services/infra.discovery/instances/n1`

const PUT_ROWS: readonly Row[] = [
  { what: 'no addresses', code: 'invalid_argument', body: {}, field: 'body' },
  withField('addresses', null),
  withField('addresses', 'http://10.0.0.1:80'),
  ...[
    '10.0.0.1:80',
    'http://10.0.0.1',
    'http://10.0.0.1:port',
    'http://10.0.0.1:123456',
    'http://::1:80',
    'http://[::1:80',
    'http://:80',
    '//10.0.0.1:80',
    'http://a b:80',
    'http://10.0.0.1:80 ',
    '',
    7,
  ].map((address) => inside('addresses', [address])),
  withField(
    'addresses',
    Array.from({ length: 17 }, () => ADDRESSES[0]),
    'limit_exceeded',
  ),
  withField('addresses', [`http://h:80/${'x'.repeat(501)}`], 'limit_exceeded'),
  ...['', 'h'.repeat(256), null, 1].map((value) => withField('hostname', value)),
  ...['v'.repeat(129), 2, null].map((value) => withField('version', value)),
  ...[-1, 1.5, 1_000_001, '1', null].map((value) => withField('weight', value)),
  withField('tags', 'blue'),
  inside('tags', ['']),
  inside('tags', [1]),
  withField(
    'tags',
    Array.from({ length: 65 }, (_, at) => `t${at}`),
    'limit_exceeded',
  ),
  withField('tags', ['t'.repeat(129)], 'limit_exceeded'),
  withField('metadata', ['a']),
  withField('metadata', 'a=b'),
  inside('metadata', { a: 1 }),
  inside('metadata', { a: null }),
  withField('metadata', pairs(65), 'limit_exceeded'),
  withField('metadata', { k: 'x'.repeat(4_096) }, 'limit_exceeded'),
  withField('metadata', { k: 'é'.repeat(2_048) }, 'limit_exceeded'),
  ...['UP', 'gone', '', null, 1].map((value) => withField('status', value)),
  ...[8_999, 86_400_001, 0, -1, 90_000.5, '90000', null].map((value) => withField('ttlMs', value)),
  ...[1_599_999_999_999, -1, 1_690_000_000_000.5, '1690000000000', null].map((value) =>
    withField('session', value),
  ),
  inside('session', AHEAD),
  inside('session', Number.MAX_SAFE_INTEGER),
  withField('session', OLDER, 'superseded'),
  ...['id', 'service', 'env', 'zone', 'home'].map((name) => ({
    what: `${name} in the body, which the URL says`,
    code: 'invalid_argument' as const,
    body: { addresses: ADDRESSES, [name]: 'other' },
    field: 'body',
  })),
  bad('a reserved service', `PUT ${RESERVED}`, 'forbidden'),
  bad('an instance of two zones', `PUT ${AT}/twin`, 'ambiguous_zone'),
]

const PATCH_ROWS: readonly Row[] = [
  ...strayPlaces('PATCH'),
  bad('a reserved service', `PATCH ${RESERVED}`, 'forbidden'),
  patch({ status: 'down' }),
  patch({ addresses: ADDRESSES }),
  patch({ weight: 3, tags: [] }),
  patch({ statusOverride: 'gone' }),
  patch({ statusOverride: '' }),
  patch({ metadata: 'a' }),
  patch({ metadata: ['a'] }),
  patch({ metadata: { a: 1 } }),
  patch({ weight: -1 }),
  patch({ weight: '3' }),
  patch({ weight: 3, statusOverride: 'gone' }),
  patch({ metadata: pairs(65) }, 'limit_exceeded'),
  patch({ metadata: { k: 'x'.repeat(4_096) } }, 'limit_exceeded'),
  patch({ statusOverride: 'down', metadata: pairs(65) }, 'limit_exceeded'),
]

const batch = (what: string, instances: unknown, code: ErrorCode = 'invalid_argument'): Row => ({
  what,
  code,
  body: { instances },
})

const A = { service: 'web', id: 'a' }

const HEARTBEATS_ROWS: readonly Row[] = [
  { what: 'no instances', code: 'invalid_argument', body: {}, field: 'body' },
  batch('instances that are no array', { ...A }),
  batch('an instance that is a text', ['a']),
  batch('an instance without an id', [{ service: 'web' }]),
  batch('an instance without a service', [{ id: 'a' }]),
  batch('an instance with an unknown field', [{ ...A, ttlMs: 9_000 }]),
  ...['service', 'id', 'env', 'zone'].flatMap((name) =>
    BAD_NAMES.map((row) => batch(`${name} ${row.what}`, [{ ...A, [name]: row.name }])),
  ),
  ...[1_599_999_999_999, AHEAD, '1690000000000', null].map((session) =>
    batch(`session ${shortly(session)}`, [A, { ...A, session }]),
  ),
  ...[-1, 1.5, '1', null].map((content) =>
    batch(`content ${shortly(content)}`, [A, { ...A, content }]),
  ),
  batch('an instance of two zones', [A, { ...A, id: 'twin' }], 'ambiguous_zone'),
  ...['2', 'true', ''].map((homes) =>
    bad(`homes "${homes}"`, `POST ${BASE}/heartbeats?homes=${homes}`),
  ),
]

const LIST_ROWS: readonly Row[] = [
  ...['0', '-1', '1.5', 'many', ''].map((limit) =>
    bad(`limit "${limit}"`, `GET ${BASE}/services?limit=${limit}`),
  ),
  bad('limit 1,001', `GET ${BASE}/services?limit=1001`, 'limit_exceeded'),
  bad('a prefix of 129 characters', `GET ${BASE}/services?prefix=${'x'.repeat(129)}`),
  ...['', '!!!', 'd2Vi', cursor('default web more'), cursor('* web'), cursor('default ../x')].map(
    (text) => bad(`cursor "${text}"`, `GET ${BASE}/services?cursor=${encodeURIComponent(text)}`),
  ),
  bad('a cursor of another env', `GET ${BASE}/services?env=prod&cursor=${cursor('default web')}`),
  bad('a filter of instances', `GET ${BASE}/services?status=up`),
]

const filterRows = (line: string): Row[] =>
  [
    'status=UP',
    'status=',
    'tag=',
    `tag=${'t'.repeat(129)}`,
    `version=${'v'.repeat(129)}`,
    'metadata.=1',
    'metadata=1',
    'metadata.k=1&metadata.k=2',
  ].map((query) => bad(`the filter ${shortly(query)}`, `${line}${query}`))

const TOKENS = ['garbage', '1.2', '1.2.', '-1.1.n1', 'A.B.n1', '1.1.n1 x', 'x'.repeat(257), '']

const READ_ROWS: readonly Row[] = [
  bad('an unknown service', `GET ${BASE}/services/none`, 'service_not_found'),
  bad('an unknown env', `GET ${BASE}/services/web?env=elsewhere`, 'service_not_found'),
  ...filterRows(`GET ${BASE}/services/web?`),
  ...['30x', '-1', '1.5s', '1h', 's', '1e3', ''].map((wait) =>
    bad(`wait "${wait}"`, `GET ${BASE}/services/web?wait=${wait}`),
  ),
  ...TOKENS.map((token) =>
    bad(
      `after ${shortly(token)}`,
      `GET ${BASE}/services/web?wait=1s&after=${encodeURIComponent(token)}`,
    ),
  ),
  bad(
    'garbage to wait after of an unknown service',
    `GET ${BASE}/services/none?wait=1s&after=garbage`,
  ),
]

const EXPLAIN_ROWS: readonly Row[] = [
  bad('no service', `GET ${BASE}/explain`),
  bad('no service but an id', `GET ${BASE}/explain?id=a`),
]

const WATCH_ROWS: readonly Row[] = [
  bad('no service', `GET ${BASE}/watch`),
  bad('an empty service', `GET ${BASE}/watch?service=`),
  bad('a bad name among good ones', `GET ${BASE}/watch?service=web&service=../x`),
  {
    ...bad(
      '257 services',
      `GET ${BASE}/watch?${Array.from({ length: 257 }, (_, at) => `service=s${at}`).join('&')}`,
    ),
    code: 'limit_exceeded',
  },
  ...filterRows(`GET ${BASE}/watch?service=web&`),
  ...TOKENS.map((token) =>
    bad(
      `after ${shortly(token)}`,
      `GET ${BASE}/watch?service=web&after=${encodeURIComponent(token)}`,
    ),
  ),
  bad('a revision without keys', `GET ${BASE}/watch?service=web&from=1`),
  ...['-1', '1.5', 'x', '9007199254740992', ''].map((from) =>
    bad(`from "${from}"`, `GET ${BASE}/watch?kv=a&from=${from}`),
  ),
  ...['garbage', '1.2.n1', '~1', '1.2.n1~', '1.2.n1~x', '99999999999999999'].map((id) =>
    bad(`after "${id}" for keys`, `GET ${BASE}/watch?kv=a&after=${encodeURIComponent(id)}`),
  ),
  {
    ...bad(
      '17 prefixes',
      `GET ${BASE}/watch?${Array.from({ length: 17 }, (_, at) => `kv=p${at}`).join('&')}`,
    ),
    code: 'limit_exceeded',
  },
  ...['garbage', '1.2.n1', '~1', '1.x', '.1'].map((id) =>
    bad(
      `after "${id}" for namespaces`,
      `GET ${BASE}/watch?ns=pool&after=${encodeURIComponent(id)}`,
    ),
  ),
  bad('a revision for keys and namespaces', `GET ${BASE}/watch?ns=pool&kv=a&after=1`),
  bad('an unknown namespace', `GET ${BASE}/watch?ns=pool&ns=none`, 'namespace_not_found'),
  {
    ...bad(
      '17 namespaces',
      `GET ${BASE}/watch?${Array.from({ length: 17 }, (_, at) => `ns=p${at}`).join('&')}`,
    ),
    code: 'limit_exceeded',
  },
  {
    what: 'garbage as Last-Event-ID, whatever "after" says',
    code: 'invalid_argument',
    line: `GET ${BASE}/watch?service=web&after=1.1.n1`,
    headers: { 'last-event-id': 'garbage' },
  },
]

const PROTECTION_ROWS: readonly Row[] = [
  { what: 'no action', code: 'invalid_argument', body: {}, field: 'body' },
  ...['stop', '', null, 1].map((action) => ({
    what: `action ${shortly(action)}`,
    code: 'invalid_argument' as const,
    body: { action },
    field: 'body.action',
  })),
  bad('an unknown service', `POST ${BASE}/services/none/protection`, 'service_not_found'),
  bad('an unknown env', `POST ${BASE}/services/web/protection?env=else`, 'service_not_found'),
  bad('a zone', `POST ${BASE}/services/web/protection?zone=z1`),
  bad('a reserved service', `POST ${BASE}/services/infra.discovery/protection`, 'forbidden'),
]

/** For each operation what it alone must refuse; the routes of probes have nothing to get wrong. */
export const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'GET /healthz': [],
  'GET /readyz': [],
  'GET /metrics': [],
  [`PUT ${INSTANCE}`]: PUT_ROWS,
  [`GET ${INSTANCE}`]: strayPlaces('GET'),
  [`PATCH ${INSTANCE}`]: PATCH_ROWS,
  [`DELETE ${INSTANCE}`]: [
    ...strayPlaces('DELETE'),
    ...badSessions('DELETE'),
    bad('a reserved service', `DELETE ${RESERVED}`, 'forbidden'),
  ],
  [`POST ${INSTANCE}/heartbeat`]: [
    ...strayPlaces('POST', '/heartbeat'),
    ...badSessions('POST', '/heartbeat'),
    bad('an older session', `POST ${AT}/a/heartbeat?session=${OLDER}`, 'superseded'),
    bad('content -1', `POST ${AT}/a/heartbeat?content=-1`),
    bad('content "x"', `POST ${AT}/a/heartbeat?content=x`),
  ],
  [`POST ${BASE}/heartbeats`]: HEARTBEATS_ROWS,
  [`GET ${BASE}/services`]: LIST_ROWS,
  [`GET ${BASE}/services/{service}`]: READ_ROWS,
  [`POST ${BASE}/services/{service}/protection`]: PROTECTION_ROWS,
  [`GET ${BASE}/explain`]: EXPLAIN_ROWS,
  [`GET ${BASE}/watch`]: WATCH_ROWS,
  [`GET ${BASE}/cluster`]: [],
  [`GET ${BASE}/cluster/members`]: [],
  [`DELETE ${BASE}/cluster/members/{id}`]: [
    bad('an unknown member', `DELETE ${BASE}/cluster/members/nobody`, 'member_not_found'),
  ],
  ...CATALOG_ROWS,
}

function pairs(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']))
}

function cursor(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function shortly(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 48 ? `${text.slice(0, 40)}… of ${text.length}` : text
}
