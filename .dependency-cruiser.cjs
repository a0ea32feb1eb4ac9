// The import table of docs/architecture.md, as rules. Each row: a room and what it may import
// of ours. Anything else of ours is refused; libraries are judged in review, not here.

const PACKAGES = 'packages/[^/]+/(src|dist)/'
const server = (folder) => `^packages/server/src/${folder}/`
const pkg = (name) => `^packages/${name}/(src|dist)/`
const protocolErrors = '^packages/protocol/(src|dist)/errors\\.'
const planeIndex = (plane) => `^packages/server/src/${plane}/index\\.ts$`
// The port, what every engine needs of it, and the order of keys.
const enginePort = '^packages/server/src/catalog/(engine\\.ts|key-order\\.ts|engine/)'
const telemetry = server('telemetry')
const bridges = server('bridges')
const security = server('security')
const model = server('model')

const mayImport = (name, from, allowed) => ({
  name: `${name}-imports`,
  severity: 'error',
  comment: `${name} may import only what its row of the table in docs/architecture.md allows.`,
  from: { path: from, pathNot: ['\\.test\\.ts$', '/testing/'] },
  to: { path: [PACKAGES, '^tests/', '^bench/', '^scripts/'], pathNot: [from, ...allowed] },
})

const rows = [
  mayImport('protocol', pkg('protocol'), []),
  mayImport('runtime', pkg('runtime'), [protocolErrors]),
  mayImport('model', model, [pkg('protocol')]),
  mayImport('instances', server('instances'), [model, pkg('runtime'), protocolErrors]),
  mayImport('catalog', server('catalog'), [model, pkg('runtime'), protocolErrors]),
  mayImport('engines', server('engines'), [enginePort, model, pkg('runtime'), protocolErrors]),
  mayImport('bridges', bridges, [
    planeIndex('instances'),
    planeIndex('catalog'),
    model,
    pkg('runtime'),
    protocolErrors,
  ]),
  mayImport('security', security, [model, pkg('protocol')]),
  mayImport('config', server('config'), [model, pkg('protocol')]),
  mayImport('telemetry', telemetry, [pkg('runtime')]),
  mayImport('http', server('http'), [
    planeIndex('instances'),
    planeIndex('catalog'),
    bridges,
    security,
    telemetry,
    model,
    pkg('runtime'),
    pkg('protocol'),
  ]),
  mayImport('client', pkg('client'), [pkg('protocol'), pkg('runtime')]),
  mayImport('agent', pkg('agent'), [pkg('client'), pkg('protocol'), pkg('runtime')]),
  mayImport('cli', pkg('cli'), [
    pkg('agent'),
    pkg('client'),
    pkg('protocol'),
    pkg('runtime'),
    '^packages/server/(src|dist)/index\\.',
  ]),
]

// One adapter never reaches into another: `http/<name>` sees itself and the files of `http/`.
const siblings = {
  name: 'no-sibling-adapters',
  severity: 'error',
  comment: 'An adapter is one folder under http/: delete it and nothing else breaks.',
  from: { path: '^packages/server/src/http/([^/]+)/', pathNot: '\\.test\\.ts$' },
  to: { path: '^packages/server/src/http/[^/]+/', pathNot: '^packages/server/src/http/$1/' },
}

const engines = {
  name: 'no-sibling-engines',
  severity: 'error',
  comment: 'An engine knows its port and its driver, never another engine.',
  from: { path: '^packages/server/src/engines/([^/]+)/', pathNot: '\\.test\\.ts$' },
  to: {
    path: '^packages/server/src/engines/[^/]+/',
    pathNot: '^packages/server/src/engines/$1/',
  },
}

module.exports = {
  forbidden: [
    ...rows,
    siblings,
    engines,
    {
      name: 'planes-by-their-index',
      severity: 'error',
      comment: 'Outside a plane, only its index.ts is its contract.',
      from: {
        path: '^packages/server/src/',
        pathNot: ['^packages/server/src/(instances|catalog|engines|testing)/', '\\.test\\.ts$'],
      },
      to: { path: '^packages/server/src/(instances|catalog)/', pathNot: 'index\\.ts$' },
    },
    {
      name: 'testing-only-in-tests',
      severity: 'error',
      comment: 'Fakes and simulators never reach production code.',
      from: { pathNot: ['\\.test\\.ts$', '/testing/', '/test/', '^tests/', '^bench/'] },
      to: { path: '/testing/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-undeclared',
      severity: 'error',
      comment: 'Every library is named in the package.json of the package that uses it.',
      from: { path: '^packages/', pathNot: ['\\.test\\.ts$', '/testing/'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['rollcall-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
  },
}
