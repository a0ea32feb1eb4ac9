import { LIMITS } from '@rollcall/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeFields, type ConfigField } from './fields.ts'
import { formatListenAddress } from './listen-address.ts'
import { loadConfig } from './load-config.ts'
import { printConfig } from './print-config.ts'

const names = fc.stringMatching(/^[A-Za-z0-9._:-][A-Za-z0-9._:/-]*$/)
const name = names.filter((text) => !text.includes('..') && text.length <= LIMITS.nameMaxLength)
// Words and signs that mean something to YAML.
const awkward = fc.constantFrom(
  'true',
  'null',
  '~',
  '1e3',
  '- a',
  'a: b',
  'a #b',
  '"',
  "'",
  '|',
  ' x ',
)
const path = fc
  .oneof(fc.string({ unit: 'grapheme', minLength: 1 }), awkward)
  .filter((text) => !/\p{Cc}/u.test(text))
const http = fc
  .record({ host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), port: fc.nat(65_535) })
  .map(formatListenAddress)

const advertise = http.filter((address) => !address.endsWith(':0'))
const peers = fc
  .uniqueArray(advertise, { minLength: 1, maxLength: 64 })
  .map((addresses) => addresses.join(','))

const etcd = fc
  .uniqueArray(
    fc.nat({ max: 60_000 }).map((port) => `http://10.0.0.1:${port + 1}`),
    { minLength: 1, maxLength: 16 },
  )
  .map((urls) => urls.join(','))

function valueOf(field: ConfigField): fc.Arbitrary<string | number | boolean> {
  const { key, kind, schema, secret } = field
  if (key === 'http') return http
  if (key === 'peers') return peers
  if (key === 'advertise') return advertise
  if (key === 'etcd') return etcd
  if (key === 'etcdPrefix') return fc.stringMatching(/^(\/[A-Za-z0-9._-]{1,20}){1,5}$/)
  if (key === 'etcdUser') return fc.stringMatching(/^[!-9;-~]{1,9}:[!-~]{1,9}$/)
  if (key === 'data' || /^etcd(Ca|Cert|Key)$/.test(key)) return path
  if (key === 'rootName') return fc.stringMatching(/^[a-z0-9-]{1,64}$/)
  if (secret) return fc.stringMatching(/^[!-~]{5,40}$/)
  if (kind === 'boolean') return fc.boolean()
  if (kind === 'text') return name
  if (kind === 'choice') return fc.constantFrom(...((schema as { enum?: string[] }).enum ?? []))
  const { minimum = 1, maximum = 1 } = schema as { minimum?: number; maximum?: number }
  return fc.integer({ min: minimum, max: maximum })
}

/** Any part of the fields, each with a value that fits. */
const environments = fc
  .tuple(...describeFields().map((field) => fc.option(valueOf(field), { nil: undefined })))
  .map((values) =>
    describeFields().flatMap(({ envName }, at) =>
      values[at] === undefined ? [] : [[envName, String(values[at])] as const],
    ),
  )
  .map((pairs): Record<string, string> => Object.fromEntries(pairs))

test('what is printed loads again to the same configuration, secrets aside', () => {
  fc.assert(
    fc.property(environments, (env) => {
      const sources = { flags: {}, readFile: () => '', hostname: 'web-1' }
      const first = loadConfig({ ...sources, env })
      const text = printConfig(first)
      const again = loadConfig({ ...sources, env: { ROLLCALL_CONFIG: 'x' }, readFile: () => text })
      const { token, clusterSecret, etcdUser, ...open } = first.config
      expect(again.config).toEqual(open)
      for (const [name, secret] of Object.entries({ token, clusterSecret, etcdUser })) {
        expect(text).toContain(`# ${name}: ${secret === undefined ? 'not set' : '"****"'}`)
      }
    }),
  )
})
