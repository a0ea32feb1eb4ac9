import { hasCode, type RegistryError } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { loadConfig, type ConfigSources } from './load-config.ts'

interface Given extends Partial<ConfigSources> {
  /** The text of `rollcall.yaml`, named by a flag. */
  readonly file?: string
}

function load({ file, flags, ...sources }: Given = {}) {
  return loadConfig({
    flags: { ...(file !== undefined && { config: 'rollcall.yaml' }), ...flags },
    env: {},
    readFile: () => file ?? '',
    hostname: 'web-1',
    ...sources,
  })
}

function failureOf(given: Given): RegistryError {
  try {
    load(given)
  } catch (error) {
    if (hasCode(error, 'invalid_argument')) return error
    throw error
  }
  throw new Error('The configuration was taken.')
}

function problemsOf(given: Given): readonly string[] {
  return failureOf(given).details['problems'] as readonly string[]
}

test('starts with the defaults and the name of the machine', () => {
  const { config, origins } = load()
  expect(config).toMatchObject({
    id: 'web-1',
    http: { host: '127.0.0.1', port: 7070 },
    data: './.rollcall',
    env: 'default',
    zone: 'default',
    peers: [],
    insecure: false,
    logLevel: 'info',
  })
  expect(config.token).toBeUndefined()
  expect(config.clusterSecret).toBeUndefined()
  expect(config.limits.pageMax).toBe(1_000)
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']))
})

test('lets flags win over the environment, that over the file, that over defaults', () => {
  const { config, origins } = load({
    file: 'env: file\nzone: file\nlogLevel: warn\n',
    env: { ROLLCALL_ZONE: 'env', ROLLCALL_LOG_LEVEL: 'error' },
    flags: { logLevel: 'debug', id: undefined },
  })
  expect(config).toMatchObject({ id: 'web-1', env: 'file', zone: 'env', logLevel: 'debug' })
  expect(origins).toMatchObject({ id: 'default', env: 'file', zone: 'env', logLevel: 'flag' })
})

test('reads every kind of value from every source that has it', () => {
  const expected = { insecure: true, limits: { pageMax: 7 }, http: { host: '::1', port: 0 } }
  const file = 'insecure: true\nhttp: "[::1]:0"\nlimits:\n  pageMax: 7\n'
  const env = { ROLLCALL_INSECURE: '1', ROLLCALL_HTTP: '[::1]:0', ROLLCALL_LIMITS_PAGE_MAX: '7' }
  expect(load({ file }).config).toMatchObject(expected)
  expect(
    load({ file: '{"insecure":true,"http":"[::1]:0","limits":{"pageMax":7}}' }).config,
  ).toEqual(load({ file }).config)
  expect(load({ env }).config).toEqual(load({ file }).config)
  expect(load({ flags: { insecure: true } }).config.insecure).toBe(true)
  expect(load({ env: { ROLLCALL_INSECURE: 'false' } }).config.insecure).toBe(false)
})

test('reads peers from a list of a file, or from a text of any source, each once', () => {
  const peers = ['registry-2:7070', '[::1]:7071']
  const text = 'registry-2:7070, [::1]:7071,registry-2:07070'
  expect(load({ file: 'peers: [registry-2:7070, "[::1]:7071"]' }).config.peers).toEqual(peers)
  expect(load({ file: 'peers:\n  - registry-2:7070\n  - "[::1]:7071"\n' }).config.peers).toEqual(
    peers,
  )
  expect(load({ file: `peers: "${text}"` }).config.peers).toEqual(peers)
  expect(load({ env: { ROLLCALL_PEERS: text } }).config.peers).toEqual(peers)
  expect(load({ flags: { peers: text } }).config.peers).toEqual(peers)
  expect(load({ file: 'peers: []' }).config.peers).toEqual([])
  const alias = 'peers:\n  - &one registry-2:7070\n  - *one\n'
  expect(load({ file: alias }).config.peers).toEqual(['registry-2:7070'])
})

test('reads where others find the node, in one way of writing it; port 0 is nowhere', () => {
  expect(load().config.advertise).toBeUndefined()
  expect(load({ flags: { advertise: '[::1]:07070' } }).config.advertise).toBe('[::1]:7070')
  expect(load({ file: 'advertise: node-1:7070' }).config.advertise).toBe('node-1:7070')
  for (const advertise of ['node-1:0', 'node-1', 'http://node-1:7070']) {
    expect(problemsOf({ flags: { advertise } })[0]).toMatch(/^--advertise must be HOST:PORT/)
  }
})

test('refuses a list of peers that no node could be at, and says which', () => {
  for (const [given, shown] of [
    ['a:1,', '""'],
    ['a:1,,b:1', '""'],
    ['a', '"a"'],
    ['a:1;b:1', '"a:1;b:1"'],
    ['a:0', '"a:0"'],
    ['http://a:1', '"http://a:1"'],
  ]) {
    const [problem, ...more] = problemsOf({ env: { ROLLCALL_PEERS: given } })
    expect(more).toEqual([])
    expect(problem).toMatch(/^ROLLCALL_PEERS must be a list, or a text with commas/)
    expect(problem?.endsWith(`, not ${shown}`)).toBe(true)
  }
  const many = (count: number) => Array.from({ length: count }, (_, at) => `a:${at + 1}`).join(',')
  expect(load({ flags: { peers: many(64) } }).config.peers).toHaveLength(64)
  expect(problemsOf({ flags: { peers: many(65) } })[0]).toMatch(/at most 64 .*, not 65$/)
})

test('freezes what it returns', () => {
  const { config, origins } = load()
  for (const part of [config, config.http, config.peers, config.limits, origins]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
})

test('takes the file from the flag, or else from the environment', () => {
  const readFile = (path: string) => `zone: ${path}`
  const env = { ROLLCALL_CONFIG: 'of-env' }
  expect(load({ env, readFile }).config.zone).toBe('of-env')
  expect(load({ env, readFile, flags: { config: 'of-flag' } }).config.zone).toBe('of-flag')
})

test('takes a file with nothing in it, and a section with nothing in it', () => {
  expect(load({ file: '# nothing yet\n' }).config).toEqual(load().config)
  expect(load({ file: 'limits:\n  # pageMax: 5\n' }).config).toEqual(load().config)
})

test('follows an alias', () => {
  const { config } = load({ file: 'env: &name prod\nzone: *name\n' })
  expect(config).toMatchObject({ env: 'prod', zone: 'prod' })
})

test('tells all problems of all sources at once, those of the file with line and column', () => {
  const file = 'zone: ../etc\nlimits:\n  pageMax: 0\n  pages: 3\nraft: [a]\n'
  const problems = problemsOf({
    file,
    env: { ROLLCALL_HTTP: 'localhost', ROLLCALL_ETCDS: 'x', PATH: '/bin' },
    flags: { logLevel: 'loud', join: 'a:1' },
  })
  expect(problems).toEqual([
    'limits.pages (rollcall.yaml:4:3) is not an option of this version',
    'raft (rollcall.yaml:5:1) is not an option of this version',
    expect.stringMatching(/^ROLLCALL_ETCDS is not an option of this version/),
    '--join is not an option of this version',
    expect.stringMatching(/^zone \(rollcall\.yaml:1:1\) must be a name: .* not "\.\.\/etc"$/),
    'limits.pageMax (rollcall.yaml:3:3) must be a whole number from 1 to 9007199254740991, not 0',
    expect.stringMatching(/^ROLLCALL_HTTP must be HOST:PORT .* not "localhost"$/),
    '--log-level must be one of error, warn, info, debug, not "loud"',
  ])
})

test('says all of it in one sentence', () => {
  const { message, details } = failureOf({ env: { ROLLCALL_A: '', ROLLCALL_B: '' } })
  const problems = details['problems'] as readonly string[]
  expect(message).toBe(`The configuration has 2 problems: ${problems.join('; ')}.`)
  expect(failureOf({ env: { ROLLCALL_A: '' } }).message).toMatch(
    /^The configuration has a problem: /,
  )
})

test('refuses a wrong value even where another source overrides it', () => {
  expect(problemsOf({ file: 'zone: ""', flags: { zone: 'a' } })).toHaveLength(1)
})

test.each([
  ['limits:\n  page_max: 5', 'did you mean limits.pageMax?'],
  ['log-level: info', 'did you mean logLevel?'],
])('names the key that was meant by %j', (file, hint) => {
  expect(problemsOf({ file })[0]).toContain(hint)
})

test('names the variable that was meant', () => {
  const problems = problemsOf({ env: { ROLLCALL_LOGLEVEL: 'info' } })
  expect(problems).toEqual([
    'ROLLCALL_LOGLEVEL is not an option of this version; did you mean ROLLCALL_LOG_LEVEL?',
  ])
})

test('passes over variables that are not for a node', () => {
  const env = {
    ROLLCALL_SERVER: 'http://127.0.0.1:7070',
    ROLLCALL_JSON: '1',
    ROLLCALL_TIMEOUT: '5s',
    // What Kubernetes sets for services named "rollcall" and "rollcall-http".
    ROLLCALL_SERVICE_HOST: '10.0.0.1',
    ROLLCALL_SERVICE_PORT_NATIVE: '7070',
    ROLLCALL_PORT: 'tcp://10.0.0.1:7070',
    ROLLCALL_PORT_7070_TCP_ADDR: '10.0.0.1',
    ROLLCALL_HTTP_SERVICE_PORT: '7070',
    ROLLCALL_HTTP_PORT_7070_TCP: 'tcp://10.0.0.1:7070',
  }
  expect(load({ env }).config).toEqual(load().config)
})

test.each([
  ['zone: 1', '; put it in quotes'],
  ['insecure: yes', 'insecure (rollcall.yaml:1:1) must be true or false, not "yes"'],
  ['limits: {pageMax: 1.5}', 'not 1.5'],
  ['limits: {pageMax: "5"}', 'not "5"'],
  ['limits: {waitMaxMs: 2147483648}', 'to 2147483647'],
  ['limits: {defaultTtlMs: 8999}', 'from 9000 to 86400000'],
  ['limits: [1]', 'must hold options as "key: value"'],
  ['http: {host: a, password: hunter2}', 'not a table'],
  ['zone:', 'zone (rollcall.yaml:1:1) is empty'],
  ['peers:', 'peers (rollcall.yaml:1:1) is empty'],
  ['peers: ""', 'peers (rollcall.yaml:1:1) is empty'],
  ['peers: 7070', 'not 7070'],
  ['peers: {a: 1}', 'not a table'],
  ['peers: [a:1, [b:1]]', 'not a list'],
  ['peers: [a:1, {b: 1}]', 'not a table'],
  ['peers: [a:1, ~]', 'not null'],
  ['zone: [a]', 'not a list'],
  ['clusterSecret: 123', 'put it in quotes'],
  ['- zone', 'rollcall.yaml:1:1 must hold options as "key: value"'],
  ['zone: a\nzone: b', 'rollcall.yaml:2:1 is not valid YAML (duplicate key)'],
  ['zone: "a', 'is not valid YAML'],
  ['__proto__: {insecure: true}', '__proto__ (rollcall.yaml:1:1) is not an option'],
])('refuses the file %j', (file, problem) => {
  const problems = problemsOf({ file })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(problem)
})

test.each([
  ['ROLLCALL_ZONE', ''],
  ['ROLLCALL_TOKEN', ''],
  ['ROLLCALL_PEERS', ''],
  ['ROLLCALL_CLUSTER_SECRET', ''],
  ['ROLLCALL_INSECURE', 'yes'],
  ['ROLLCALL_LIMITS_PAGE_MAX', '0'],
  ['ROLLCALL_LIMITS_PAGE_MAX', '-1'],
  ['ROLLCALL_LIMITS_PAGE_MAX', '1e3'],
  ['ROLLCALL_LIMITS_PAGE_MAX', '9007199254740993'],
  ['ROLLCALL_ID', 'a'.repeat(129)],
  ['ROLLCALL_DATA', 'a\u0007b'],
])('refuses the variable %s=%s', (name, value) => {
  const problems = problemsOf({ env: { [name]: value } })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(name)
})

test('never tells a secret', () => {
  const secret = 'hunter2 with spaces'
  const sources: Given[] = [
    { file: `token: ${secret}` },
    { file: `token: [${secret}]` },
    { file: `token: "${secret}` },
    { file: `a: b\n token: ${secret}: x` },
    { env: { ROLLCALL_TOKEN: secret } },
    { flags: { token: secret } },
    { file: `clusterSecret: ${secret}` },
    { file: `clusterSecret: [${secret}]` },
    { env: { ROLLCALL_CLUSTER_SECRET: secret } },
    { flags: { clusterSecret: secret } },
  ]
  for (const given of sources) {
    const { message, details } = failureOf(given)
    expect(message + JSON.stringify(details)).not.toContain('hunter2')
  }
})

test('does not take the mask of a print for a secret', () => {
  expect(problemsOf({ flags: { token: '****' } })[0]).toContain('--token must be')
  expect(problemsOf({ flags: { clusterSecret: '****' } })[0]).toContain('--cluster-secret must')
})

test('asks for an id when the machine has a name that is none of ours', () => {
  const hostname = 'Büro PC'
  expect(problemsOf({ hostname })[0]).toContain('set --id')
  expect(load({ hostname, flags: { id: 'office' } }).config.id).toBe('office')
  expect(problemsOf({ hostname, flags: { id: '/' } })).toHaveLength(1)
})

test('reports a file that cannot be read together with other problems', () => {
  const readFile = () => {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  }
  const problems = problemsOf({ readFile, flags: { config: 'gone.yaml', zone: '/' } })
  expect(problems[0]).toBe('the file gone.yaml cannot be read (ENOENT)')
  expect(problems).toHaveLength(2)
})

test('lets a bug of the reader through', () => {
  const readFile = () => {
    throw new TypeError('a bug')
  }
  expect(() => load({ readFile, flags: { config: 'x' } })).toThrow(TypeError)
})
