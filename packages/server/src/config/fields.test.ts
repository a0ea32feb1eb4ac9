import { expect, test } from 'vitest'
import { describeFields } from './fields.ts'

const fields = describeFields()
const named = (key: string) => fields.find((field) => field.key === key)

test('derives the names of an option from its key', () => {
  expect(named('logLevel')).toMatchObject({
    flagName: '--log-level',
    placeholder: 'LEVEL',
    envName: 'ROLLCALL_LOG_LEVEL',
    form: 'one of error, warn, info, debug',
    defaultText: 'info',
  })
})

test('gives limits a variable and no flag', () => {
  const field = named('limits.heartbeatsBodyMaxBytes')
  expect(field).toMatchObject({
    envName: 'ROLLCALL_LIMITS_HEARTBEATS_BODY_MAX_BYTES',
    defaultValue: 4_194_304,
    unit: 'bytes',
  })
  expect(field).not.toHaveProperty('flagName')
})

test('has the options of the contract in its order, and three more', () => {
  const flags = fields.flatMap(({ flagName }) => flagName ?? [])
  const contract =
    '--id --http --data --env --zone --peers --advertise --engine --etcd --etcd-prefix --etcd-user --etcd-ca --etcd-cert --etcd-key --root-name --cluster-secret --token --insecure --log-level'
  expect(flags).toEqual(contract.split(' '))
})

test('has the limits of the contract, with its defaults', () => {
  const limits = fields.filter(({ key }) => key.startsWith('limits.'))
  const defaults = limits.map(({ path, defaultValue }) => [path[1], defaultValue])
  expect(Object.fromEntries(defaults)).toEqual({
    bodyMaxBytes: 1_048_576,
    heartbeatsBodyMaxBytes: 4_194_304,
    catalogBodyMaxBytes: 2_097_152,
    restoreBodyMaxBytes: 8_589_934_592,
    instancesMax: 2_000_000,
    tombstonesMax: 1_000_000,
    watchersMax: 50_000,
    watcherQueueMaxChanges: 1_000,
    watcherQueueMaxBytes: 1_048_576,
    changeRingSize: 100_000,
    waitMaxMs: 300_000,
    pageMax: 1_000,
    connectionsMax: 65_536,
    defaultTtlMs: 90_000,
  })
})

test.each(fields)('says what $key is and what a change of it costs', (field) => {
  expect(field.description).toMatch(/^[A-Z].*\.$/)
  expect(field.form).not.toContain('undefined')
  expect(field.defaultText).not.toBe('undefined')
  const isQuantity = field.kind === 'integer'
  expect(Object.keys(field.costs)).toEqual(isQuantity ? ['raising', 'lowering'] : ['changing'])
  expect(field.unit !== undefined).toBe(isQuantity)
  expect(field.placeholder === undefined).toBe(field.kind === 'boolean' || isQuantity)
})

test('has no two fields with one variable', () => {
  const names = fields.map(({ envName }) => envName)
  expect(new Set(names).size).toBe(names.length)
})
