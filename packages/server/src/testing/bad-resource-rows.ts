/**
 * What the routes of namespaces, types, resources and search must refuse, beyond what is the same
 * on all of them.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol'
import { badFreshness, badKeeping, badLine as bad, badPages } from './bad-common-rows.ts'
import type { Row, SoundCall } from './bad-input-rows.ts'

const BASE = '/registry/v1'
const ROOT = `${BASE}/namespaces`
const NS = `${ROOT}/{path}`
const TYPE = `${BASE}/types/{type}`
const LIST = `${BASE}/resources/{type}`
const ROW = `${LIST}/{id}`
const MACHINES = `${BASE}/resources/machine`

const PATH = { path: 'shop/db' }
const NEW = { name: 'new', kind: 'leaf' }
const MACHINE = { type: 'machine' }
const M1 = { type: 'machine', id: 'm-1' }
const H9 = { properties: { hostname: 'h9' } }
const TRANSFER = { from: 'pool', to: 'shop/db', ids: ['m-1'] }

/** One call for each operation that is answered well, in the order in which they work. */
export const RESOURCE_SOUND: Readonly<Record<string, SoundCall>> = {
  [`GET ${ROOT}`]: {},
  [`POST ${ROOT}`]: { body: NEW },
  [`GET ${NS}`]: { path: PATH },
  [`POST ${NS}`]: { path: { path: 'shop' }, body: NEW },
  [`PATCH ${NS}`]: { path: PATH, body: { comment: 'c' } },
  [`DELETE ${NS}`]: { path: { path: 'new' } },
  [`GET ${BASE}/types`]: {},
  [`PUT ${TYPE}`]: { path: { type: 'rack' }, body: { primaryKey: 'name' } },
  [`GET ${TYPE}`]: { path: { type: 'rack' } },
  [`DELETE ${TYPE}`]: { path: { type: 'rack' } },
  [`GET ${LIST}`]: { path: MACHINE },
  [`POST ${LIST}`]: { path: MACHINE, query: 'ns=shop/db', body: H9 },
  [`GET ${ROW}`]: { path: M1 },
  [`PATCH ${ROW}`]: { path: M1, body: { properties: { os: 'linux' } } },
  [`PUT ${LIST}`]: { path: { type: 'collect' }, query: 'ns=shop/db', body: { resources: [] } },
  [`POST ${LIST}/batch`]: { path: MACHINE, body: { ops: [] } },
  [`POST ${LIST}/move`]: { path: MACHINE, body: TRANSFER },
  [`POST ${LIST}/copy`]: { path: MACHINE, body: { ...TRANSFER, from: 'shop/db', to: 'pool' } },
  [`GET ${BASE}/search`]: { query: 'q=h1' },
  [`DELETE ${ROW}`]: { path: M1 },
}

const body = (what: string, given: unknown, code: ErrorCode = 'invalid_argument'): Row => ({
  what,
  code,
  body: given,
})

const badBodies = (sound: object, wrong: readonly object[]): Row[] =>
  wrong.map((part) => body(JSON.stringify(part).slice(0, 60), { ...sound, ...part }))

const noNamespace = (method: string): Row[] => [
  bad('a path that is not encoded correctly', `${method} ${ROOT}/%zz`),
  ...['none', 'shop/none', 'shop//db', 'shop/db/', 'SHOP', '%00'].map((path) =>
    bad(`the path "${path}"`, `${method} ${ROOT}/${path}`, 'namespace_not_found'),
  ),
]

const CREATE_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...badBodies(NEW, [
    { name: '' },
    { name: 'A' },
    { name: 'a_b' },
    { name: 'a/b' },
    { name: 'a\n' },
    { name: 7 },
    { kind: 'root' },
    { kind: null },
    { match: 7 },
    { match: null },
    { match: '(' },
    { match: '(?=a)' },
    { comment: null },
    { id: 'x' },
  ]),
  body('no name', { kind: 'leaf' }),
  body('no kind', { name: 'a' }),
  body('a name of 65 characters', { ...NEW, name: 'a'.repeat(65) }, 'limit_exceeded'),
]

const CHANGE_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...noNamespace('PATCH'),
  ...badBodies({}, [
    { name: '' },
    { name: null },
    { parent: null },
    { match: '(' },
    { comment: null },
    { ifRevision: -1 },
    { ifRevision: '1' },
    { kind: 'leaf' },
  ]),
  body('another revision', { comment: 'c', ifRevision: 9_999 }, 'revision_conflict'),
  body('a parent that is not there', { parent: 'none' }, 'namespace_not_found'),
  body('a parent that is a leaf', { parent: 'pool' }, 'invalid_parent'),
  {
    ...body('a parent below it', { parent: 'shop/parts' }, 'would_cycle'),
    line: `PATCH ${ROOT}/shop`,
  },
  { ...body('itself as parent', { parent: 'shop' }, 'would_cycle'), line: `PATCH ${ROOT}/shop` },
  {
    ...body('a name that is taken', { name: 'pool' }, 'already_exists'),
    line: `PATCH ${ROOT}/shop`,
  },
  { ...body('the root', { name: 'other' }, 'forbidden'), line: `PATCH ${ROOT}` },
  { ...body('the root by its empty path', { name: 'other' }, 'forbidden'), line: `PATCH ${ROOT}/` },
]

const SCHEMA_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...badBodies({}, [
    { primaryKey: '' },
    { primaryKey: null },
    { schema: [] },
    { schema: 'x' },
    { schema: { type: 'nonsense' } },
  ]),
  bad('a type with a slash', `PUT ${BASE}/types/a%2Fb`),
]

const ADD_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...badBodies(H9, [
    { id: '' },
    { id: 7 },
    { properties: null },
    { properties: { a: 1 } },
    { properties: { a: null } },
    { ns: 'pool' },
  ]),
  body('no properties', {}),
  bad('no namespace', `POST ${MACHINES}`),
  bad('template "2"', `POST ${MACHINES}?ns=pool&template=2`),
  bad('a namespace that is not there', `POST ${MACHINES}?ns=none`, 'namespace_not_found'),
  bad('an inner namespace', `POST ${MACHINES}?ns=shop`, 'invalid_parent'),
  bad('a leaf for a template', `POST ${MACHINES}?ns=pool&template=1`, 'invalid_parent'),
  {
    ...body('a hostname that is taken', { properties: { hostname: 'h1' } }, 'already_exists'),
    line: `POST ${MACHINES}?ns=pool`,
  },
  body('no primary key', { properties: { os: 'linux' } }),
]

const rowRows = (method: string): Row[] => [
  bad('an unknown id', `${method} ${MACHINES}/none`, 'resource_not_found'),
  bad('an id of another type', `${method} ${BASE}/resources/collect/m-1`, 'resource_not_found'),
  bad('another namespace', `${method} ${MACHINES}/m-1?ns=shop/db`, 'resource_not_found'),
  bad('an unknown namespace', `${method} ${MACHINES}/m-1?ns=none`, 'namespace_not_found'),
  bad('an empty id', `${method} ${MACHINES}/`),
]

const MERGE_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...rowRows('PATCH'),
  ...badBodies({ properties: {} }, [
    { properties: { a: 1 } },
    { properties: [] },
    { ifRevision: -1 },
    { ifRevision: 1.5 },
  ]),
  body('another revision', { properties: { a: 'b' }, ifRevision: 1 }, 'revision_conflict'),
  body('the primary key away', { properties: { hostname: null } }),
]

const many = (count: number, item: unknown): unknown[] => Array.from({ length: count }, () => item)

const REPLACE_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...badBodies({ resources: [] }, [
    { resources: null },
    { resources: [{}] },
    { resources: [{ id: '', properties: {} }] },
    { ifRevision: -1 },
  ]),
  bad('no namespace', `PUT ${MACHINES}`),
  bad('a namespace that is not there', `PUT ${MACHINES}?ns=none`, 'namespace_not_found'),
  bad('an inner namespace', `PUT ${MACHINES}?ns=shop`, 'invalid_parent'),
  {
    ...body('another revision', { resources: [], ifRevision: 1 }, 'revision_conflict'),
    line: `PUT ${MACHINES}?ns=pool`,
  },
  {
    ...body('two with one primary key', { resources: [H9, H9] }, 'already_exists'),
    line: `PUT ${MACHINES}?ns=pool`,
  },
  body('4,001 resources', { resources: many(4_001, { properties: {} }) }, 'limit_exceeded'),
]

const at = { ns: 'pool', id: 'm-1' }
const BATCH_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...[
    {},
    { add: {} },
    { add: { ns: 'pool' } },
    { add: { ...H9 } },
    { update: { ns: 'pool', ...H9 } },
    { update: { ...at, properties: { a: 1 } } },
    { delete: { ns: 'pool' } },
    { delete: at, add: { ns: 'pool', ...H9 } },
    { replace: at },
  ].map((op) => body(JSON.stringify(op), { ops: [op] })),
  bad('template "x"', `POST ${MACHINES}/batch?template=x`),
  body('an unknown id', { ops: [{ delete: { ns: 'pool', id: 'x' } }] }, 'resource_not_found'),
  body('an unknown namespace', { ops: [{ delete: { ...at, ns: 'x' } }] }, 'namespace_not_found'),
  body(
    'a second one that fails',
    { ops: [{ add: { ns: 'shop/db', ...H9 } }, { add: { ns: 'shop/db', ...H9 } }] },
    'already_exists',
  ),
  body(
    '4,001 operations',
    { ops: many(4_001, { delete: { ns: 'a', id: 'b' } }) },
    'limit_exceeded',
  ),
]

const TRANSFER_ROWS: readonly Row[] = [
  ...badKeeping(),
  ...badBodies(TRANSFER, [{ ids: [7] }, { ids: [''] }, { ids: null }, { from: null }, { to: 7 }]),
  body('no target', { from: 'pool', ids: [] }),
  body('an unknown id', { ...TRANSFER, ids: ['x'] }, 'resource_not_found'),
  body('an unknown source', { ...TRANSFER, from: 'none' }, 'namespace_not_found'),
  body('an unknown target', { ...TRANSFER, to: 'none' }, 'namespace_not_found'),
  body('an inner target', { ...TRANSFER, to: 'shop' }, 'invalid_parent'),
  body('4,001 ids', { ...TRANSFER, ids: many(4_001, 'x') }, 'limit_exceeded'),
]

const SEARCH = `GET ${BASE}/search?`

const SEARCH_ROWS: readonly Row[] = [
  bad('nothing to look for', `GET ${BASE}/search`),
  bad('"q" and "key"', `${SEARCH}q=a&key=b&value=c`),
  bad('"q" and "value"', `${SEARCH}q=a&value=c`),
  bad('a key without a value', `${SEARCH}key=a`),
  bad('a value without a key', `${SEARCH}value=a`),
  bad('an empty key', `${SEARCH}key=&value=a`),
  bad('an empty type', `${SEARCH}q=a&type=`),
  ...['', 'EXACT', 'glob'].map((mode) => bad(`mode "${mode}"`, `${SEARCH}q=a&mode=${mode}`)),
  ...['(', '(?=a)', 'a**'].map((pattern) =>
    bad(`the pattern ${pattern}`, `${SEARCH}q=${encodeURIComponent(pattern)}&mode=regex`),
  ),
  bad('an unknown namespace', `${SEARCH}q=a&ns=none`, 'namespace_not_found'),
  ...badPages(`${SEARCH}q=a&`),
  ...badFreshness(`${SEARCH}q=a`, '&'),
]

const badDepths: readonly Row[] = ['-1', '1.5', 'x', ''].map((depth) =>
  bad(`depth "${depth}"`, `GET ${ROOT}?depth=${depth}`),
)

/** For each operation what it alone must refuse. */
export const RESOURCE_ROWS: Readonly<Record<string, readonly Row[]>> = {
  [`GET ${ROOT}`]: [...badDepths, ...badFreshness(`GET ${ROOT}`)],
  [`POST ${ROOT}`]: [
    ...CREATE_ROWS,
    body('a name that is taken', { ...NEW, name: 'pool' }, 'already_exists'),
  ],
  [`GET ${NS}`]: [...noNamespace('GET'), ...badFreshness(`GET ${ROOT}/pool`)],
  [`POST ${NS}`]: [
    ...CREATE_ROWS,
    ...noNamespace('POST'),
    bad('a leaf', `POST ${ROOT}/pool`, 'invalid_parent'),
    body('a name that is taken', { ...NEW, name: 'db' }, 'already_exists'),
  ],
  [`PATCH ${NS}`]: CHANGE_ROWS,
  [`DELETE ${NS}`]: [
    ...badKeeping(),
    ...noNamespace('DELETE'),
    bad('one with namespaces', `DELETE ${ROOT}/shop`, 'not_empty'),
    bad('the root', `DELETE ${ROOT}`, 'forbidden'),
    bad('the root by its empty path', `DELETE ${ROOT}/`, 'forbidden'),
  ],
  [`GET ${BASE}/types`]: [...badPages(`GET ${BASE}/types?`), ...badFreshness(`GET ${BASE}/types`)],
  [`PUT ${TYPE}`]: SCHEMA_ROWS,
  [`GET ${TYPE}`]: [
    bad('an unknown type', `GET ${BASE}/types/none`, 'resource_not_found'),
    bad('an empty type', `GET ${BASE}/types/`),
    ...badFreshness(`GET ${BASE}/types/machine`),
  ],
  [`DELETE ${TYPE}`]: [
    ...badKeeping(),
    bad('an unknown type', `DELETE ${BASE}/types/none`, 'resource_not_found'),
  ],
  [`GET ${LIST}`]: [
    bad('an unknown namespace', `GET ${MACHINES}?ns=none`, 'namespace_not_found'),
    bad('template "yes"', `GET ${MACHINES}?template=yes`),
    ...badPages(`GET ${MACHINES}?`),
    ...badFreshness(`GET ${MACHINES}`),
  ],
  [`POST ${LIST}`]: ADD_ROWS,
  [`GET ${ROW}`]: [...rowRows('GET'), ...badFreshness(`GET ${MACHINES}/m-1`)],
  [`PATCH ${ROW}`]: MERGE_ROWS,
  [`DELETE ${ROW}`]: [...badKeeping(), ...rowRows('DELETE')],
  [`PUT ${LIST}`]: REPLACE_ROWS,
  [`POST ${LIST}/batch`]: BATCH_ROWS,
  [`POST ${LIST}/move`]: [
    ...TRANSFER_ROWS,
    body('an id twice', { ...TRANSFER, ids: ['m-1', 'm-1'] }),
  ],
  [`POST ${LIST}/copy`]: TRANSFER_ROWS,
  [`GET ${BASE}/search`]: SEARCH_ROWS,
}
