// @ts-check
/**
 * The themes of `npm test`, in the order in which they run: the quick ones first.
 *
 * The build is not among them: setup has just compiled everything, and `npm test` counts that.
 *
 * @module
 */

/**
 * @typedef {object} Theme
 * @property {string} name
 * @property {string} group A name that selects several themes at once.
 * @property {'check' | 'tests'} kind A check counts as one; of tests, each counts.
 * @property {readonly string[]} args What Node runs.
 * @property {boolean} [needsEtcd] Whether its tests start members of etcd.
 */

/**
 * @param {string} name
 * @param {...string} args
 * @returns {Theme}
 */
const check = (name, ...args) => ({ name, group: 'check', kind: 'check', args })

/**
 * @param {string} name
 * @param {string} group
 * @returns {Theme}
 */
const tests = (name, group) => ({
  name,
  group,
  kind: 'tests',
  // A test that passes at the second try has failed: no retries.
  args: [
    'node_modules/vitest/vitest.mjs',
    'run',
    `--project=${name}`,
    '--retry=0',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportOf(name)}`,
  ],
})

/**
 * Where a theme leaves its report.
 *
 * @param {string} name
 */
export function reportOf(name) {
  return `.cache/test/${name}.json`
}

/** All themes. The commands of the checks are those of the scripts in `package.json`. */
export const THEMES = [
  check('format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  check('lint', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'),
  check(
    'imports',
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config=.dependency-cruiser.cjs',
    '--output-type=err',
    'packages',
    'bench',
    'tests',
    'scripts',
  ),
  check('types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'),
  tests('unit', 'check'),
  tests('simulator', 'simulator'),
  { ...tests('etcd', 'etcd'), needsEtcd: true },
  { ...tests('process', 'process'), needsEtcd: true },
  tests('alone', 'process'),
]

/**
 * Returns the themes that the names select, in their own order; all of them without names. A name
 * is that of a theme or of a group. Returns the first name that selects nothing as a string.
 *
 * @param {readonly string[]} names
 * @returns {readonly Theme[] | string}
 */
export function selectThemes(names) {
  const isNamed = (/** @type {Theme} */ theme, /** @type {string} */ name) =>
    theme.name === name || theme.group === name
  const unknown = names.find((name) => !THEMES.some((theme) => isNamed(theme, name)))
  if (unknown !== undefined) return unknown
  if (names.length === 0) return THEMES
  return THEMES.filter((theme) => names.some((name) => isNamed(theme, name)))
}
