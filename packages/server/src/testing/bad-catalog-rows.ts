/**
 * What the routes of the catalog must refuse, beyond what is the same on all of them. The tests
 * say what it holds meanwhile: the key `a`, at revision 1; below the root the leaf `shop/db`, the inner
 * `shop/parts`, and the
 * leaf `pool` with the machine `m-1`, whose hostname is `h1`.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol'
import { fileOf } from './backup-files.ts'
import type { Row, SoundCall } from './bad-input-rows.ts'
import {
  badFreshness,
  badKeeping,
  badNumbers,
  badPages,
  badLine as bad,
} from './bad-common-rows.ts'
import { RESOURCE_ROWS, RESOURCE_SOUND } from './bad-resource-rows.ts'

const BASE = '/registry/v1'
const KEY = `${BASE}/kv/{key}`
const LEASE = `${BASE}/leases/{id}`
const V = 'dg=='

/** One call for each operation that is answered well, in the order in which they work. */
export const CATALOG_SOUND: Readonly<Record<string, SoundCall>> = {
  [`PUT ${KEY}`]: { path: { key: 'a' }, body: 'v' },
  [`GET ${KEY}`]: { path: { key: 'a' } },
  [`DELETE ${KEY}`]: { path: { key: 'a' } },
  [`GET ${BASE}/kv`]: {},
  [`DELETE ${BASE}/kv`]: { query: 'prefix=b' },
  [`POST ${BASE}/txn`]: { body: { then: [{ get: { key: 'a' } }] } },
  [`POST ${BASE}/leases`]: { body: { ttlMs: 5_000 } },
  [`GET ${BASE}/leases`]: {},
  [`POST ${BASE}/leases/keepalive`]: { body: { ids: [7] } },
  [`GET ${LEASE}`]: { path: { id: '7' } },
  [`POST ${LEASE}/keepalive`]: { path: { id: '7' } },
  [`DELETE ${LEASE}`]: { path: { id: '7' } },
  [`GET ${BASE}/backup`]: {},
  [`POST ${BASE}/restore`]: { query: 'dryRun=1', body: fileOf([]).toString() },
  [`GET ${BASE}/restore`]: {},
  ...RESOURCE_SOUND,
  [`GET ${BASE}/cluster/leader`]: {},
  [`POST ${BASE}/cluster/leader/transfer`]: { body: { to: 'n2' } },
  [`POST ${BASE}/cluster/members`]: { body: { id: 'n4', raft: 'h:1', http: 'h:2' } },
  [`POST ${BASE}/cluster/members/{id}/promote`]: { path: { id: 'n2' } },
  [`POST ${BASE}/cluster/members/recover`]: { body: { force: true } },
}

/** What an engine of one machine never does. */
export const NOT_A_CLUSTER: ReadonlySet<string> = new Set(
  Object.keys(CATALOG_SOUND).filter((name) => name.startsWith('POST /registry/v1/cluster/')),
)

const badKeys = (method: string): Row[] => [
  bad('an empty key', `${method} ${BASE}/kv/`),
  bad('a key that is not encoded correctly', `${method} ${BASE}/kv/%zz`),
  bad('a key that is no UTF-8', `${method} ${BASE}/kv/%ff`),
]

const longKey = (method: string): Row =>
  bad('a key of 513 bytes', `${method} ${BASE}/kv/${'%C3%A9'.repeat(256)}x`, 'limit_exceeded')

const badWaiting = (line: string): Row[] => [
  ...badNumbers('after', `${line}wait=1s&`),
  ...['30x', '-1', '1.5s', '1h', ''].map((wait) => bad(`wait "${wait}"`, `${line}wait=${wait}`)),
]

const txn = (what: string, body: unknown, code: ErrorCode = 'invalid_argument'): Row => ({
  what,
  code,
  body,
})

const TXN_ROWS: readonly Row[] = [
  ...badKeeping(),
  txn('compares that are no list', { compares: {} }),
  ...[
    {},
    { key: 'a' },
    { key: '', exists: true },
    { key: 'a', exists: 1 },
    { key: 'a', exists: true, modRevision: 1 },
    { key: 'a', modRevision: -1 },
    { key: 'a', modRevision: 1, op: '!=' },
    { key: 'a', createRevision: '1' },
    { key: 'a', valueBase64: 'x' },
    { key: 'a', valueBase64: 'dg' },
    { prefix: 'a' },
    { prefix: 'a', empty: false },
    { prefix: 'a', unchangedSince: 1.5 },
  ].map((compare) => txn(`the compare ${JSON.stringify(compare)}`, { compares: [compare] })),
  ...[
    {},
    { put: { key: 'a' } },
    { put: { key: '', valueBase64: V } },
    { put: { key: 'a', valueBase64: '????' } },
    { put: { key: 'a', valueBase64: V, lease: 0 } },
    { put: { key: 'a', valueBase64: V, ttl: 1 } },
    { put: { key: 'a', valueBase64: V }, delete: { key: 'b' } },
    { delete: 'a' },
    { delete: { key: '' } },
    { deletePrefix: { prefix: '' } },
    { get: {} },
  ].map((operation) => txn(`the operation ${JSON.stringify(operation)}`, { then: [operation] })),
  txn('a key of two writes', {
    then: [{ put: { key: 'a', valueBase64: V } }, { delete: { key: 'a' } }],
  }),
  txn('a put below a prefix that it deletes', {
    otherwise: [{ deletePrefix: { prefix: 'a' } }, { put: { key: 'ab', valueBase64: V } }],
  }),
  txn(
    'an unknown lease',
    { then: [{ put: { key: 'b', valueBase64: V, lease: 7 } }] },
    'lease_not_found',
  ),
  txn(
    'a key of 513 bytes',
    { then: [{ put: { key: 'k'.repeat(513), valueBase64: V } }] },
    'limit_exceeded',
  ),
  txn(
    '97 compares',
    { compares: Array.from({ length: 97 }, () => ({ key: 'a', exists: true })) },
    'limit_exceeded',
  ),
]

const LEASE_ID_ROWS = (method: string, tail = ''): Row[] => [
  ...['0', '-1', '01', '1.5', '9007199254740992', '1e3'].map((id) =>
    bad(`the id ${id}`, `${method} ${BASE}/leases/${id}${tail}`),
  ),
  bad('an unknown lease', `${method} ${BASE}/leases/7${tail}`, 'lease_not_found'),
]

const RESTORE_ROWS: readonly Row[] = [
  ...['2', 'true', ''].map((value) =>
    bad(`dryRun "${value}"`, `POST ${BASE}/restore?dryRun=${value}`),
  ),
  { what: 'no file', code: 'invalid_backup', body: '' },
  { what: 'something else', code: 'invalid_backup', body: '{"hello":1}\n' },
  {
    what: 'a file that was cut off',
    code: 'invalid_backup',
    body: fileOf([{ k: 'k/a', v: '' }]).subarray(0, -5),
  },
  {
    what: 'a file that says another checksum',
    code: 'invalid_backup',
    body: fileOf([{ k: 'k/a', v: '' }])
      .toString()
      .replace('k/a', 'k/b'),
  },
  {
    what: 'a body that is packed in a way that nobody unpacks',
    code: 'unsupported_media_type',
    headers: { 'content-encoding': 'br' },
  },
  {
    what: 'gzip that is none',
    code: 'invalid_backup',
    headers: { 'content-encoding': 'gzip' },
  },
]

/** For each operation what it alone must refuse. */
export const CATALOG_ROWS: Readonly<Record<string, readonly Row[]>> = {
  [`PUT ${KEY}`]: [
    ...badKeys('PUT'),
    longKey('PUT'),
    ...badKeeping(),
    ...badNumbers('ifRevision', `PUT ${BASE}/kv/a?`),
    ...badNumbers('lease', `PUT ${BASE}/kv/a?`),
    bad('the lease 0', `PUT ${BASE}/kv/a?lease=0`),
    bad('an unknown lease', `PUT ${BASE}/kv/a?lease=7`, 'lease_not_found'),
    bad('another revision', `PUT ${BASE}/kv/a?ifRevision=7`, 'revision_conflict'),
    bad('a key that is there', `PUT ${BASE}/kv/a?ifRevision=0`, 'revision_conflict'),
  ],
  [`GET ${KEY}`]: [
    ...badKeys('GET'),
    bad('an unknown key', `GET ${BASE}/kv/none`, 'key_not_found'),
    ...badFreshness(`GET ${BASE}/kv/a`),
    ...badWaiting(`GET ${BASE}/kv/a?`),
  ],
  [`DELETE ${KEY}`]: [
    ...badKeys('DELETE'),
    longKey('DELETE'),
    ...badKeeping(),
    ...badNumbers('ifRevision', `DELETE ${BASE}/kv/a?`),
    bad('an unknown key', `DELETE ${BASE}/kv/none`, 'key_not_found'),
    bad('another revision', `DELETE ${BASE}/kv/a?ifRevision=7`, 'revision_conflict'),
  ],
  [`GET ${BASE}/kv`]: [
    ...badPages(`GET ${BASE}/kv?`),
    bad('a cursor of another prefix', `GET ${BASE}/kv?prefix=b&cursor=YQ`),
    ...['2', 'true', ''].map((value) =>
      bad(`keysOnly "${value}"`, `GET ${BASE}/kv?keysOnly=${value}`),
    ),
    ...badFreshness(`GET ${BASE}/kv`),
    ...badWaiting(`GET ${BASE}/kv?`),
  ],
  [`DELETE ${BASE}/kv`]: [
    ...badKeeping(),
    bad('no prefix', `DELETE ${BASE}/kv`),
    bad('an empty prefix', `DELETE ${BASE}/kv?prefix=`),
  ],
  [`POST ${BASE}/txn`]: TXN_ROWS,
  [`POST ${BASE}/leases`]: [
    ...badKeeping(),
    ...[0, -1, 1.5, 86_400_001, '5000', null].map((ttlMs) => ({
      what: `ttlMs ${String(ttlMs)}`,
      code: 'invalid_argument' as const,
      body: { ttlMs },
      field: 'body.ttlMs',
    })),
    { what: 'no ttl', code: 'invalid_argument', body: {}, field: 'body' },
    { what: 'a name that is a number', code: 'invalid_argument', body: { ttlMs: 5_000, name: 1 } },
    {
      what: 'a name of 513 bytes',
      code: 'limit_exceeded',
      body: { ttlMs: 5_000, name: 'n'.repeat(513) },
    },
  ],
  [`GET ${BASE}/leases`]: [
    ...badPages(`GET ${BASE}/leases?`),
    bad('a cursor of another name', `GET ${BASE}/leases?name=b&cursor=${cursor('1 a')}`),
    ...badFreshness(`GET ${BASE}/leases`),
  ],
  [`GET ${LEASE}`]: [...LEASE_ID_ROWS('GET'), ...badFreshness(`GET ${BASE}/leases/7`)],
  [`POST ${LEASE}/keepalive`]: LEASE_ID_ROWS('POST', '/keepalive'),
  [`DELETE ${LEASE}`]: LEASE_ID_ROWS('DELETE'),
  [`POST ${BASE}/leases/keepalive`]: [
    ...[[0], [-1], [1.5], ['7'], [null], {}, null].map((ids) => ({
      what: `ids ${JSON.stringify(ids)}`,
      code: 'invalid_argument' as const,
      body: { ids },
    })),
    { what: 'no ids', code: 'invalid_argument', body: {}, field: 'body' },
  ],
  [`GET ${BASE}/backup`]: [],
  [`POST ${BASE}/restore`]: RESTORE_ROWS,
  [`GET ${BASE}/restore`]: [],
  ...RESOURCE_ROWS,
  [`GET ${BASE}/cluster/leader`]: [],
  [`POST ${BASE}/cluster/leader/transfer`]: [notACluster({})],
  [`POST ${BASE}/cluster/members`]: [
    notACluster({ id: 'n4', raft: 'h:1', http: 'h:2' }),
    { what: 'no id', code: 'invalid_argument', body: { raft: 'h:1', http: 'h:2' } },
  ],
  [`POST ${BASE}/cluster/members/{id}/promote`]: [notACluster('')],
  [`POST ${BASE}/cluster/members/recover`]: [
    notACluster({ force: true }),
    { what: 'no force', code: 'invalid_argument', body: { force: false } },
  ],
}

function notACluster(body: unknown): Row {
  return { what: 'what takes a cluster', code: 'not_a_cluster', body }
}

function cursor(text: string): string {
  return Buffer.from(text).toString('base64url')
}
