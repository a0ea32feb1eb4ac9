import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { THEMES, selectThemes } from './themes.mjs'

const scriptsOfRoot = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
).scripts

/** The names of what is selected, in the order in which it would run. */
function selected(...names: string[]): readonly string[] {
  const themes = selectThemes(names)
  if (typeof themes === 'string') throw new Error(`"${themes}" selects nothing.`)
  return themes.map((theme) => theme.name)
}

test('without a name, everything runs', () => {
  const checks = ['format', 'lint', 'imports', 'types', 'unit']
  expect(selected()).toEqual([...checks, 'simulator', 'etcd', 'process', 'alone'])
})

test('a name selects a theme, or all themes of a group, in their own order', () => {
  expect(selected('unit')).toEqual(['unit'])
  expect(selected('process', 'unit')).toEqual(['unit', 'process', 'alone'])
  expect(selected('alone')).toEqual(['alone'])
  expect(selected('check')).toEqual(['format', 'lint', 'imports', 'types', 'unit'])
  expect(selected('check', 'lint')).toEqual(selected('check'))
})

test('a name that selects nothing is told', () => {
  expect(selectThemes(['unit', 'units'])).toBe('units')
})

test('no test gets a second try', () => {
  const runners = THEMES.filter((theme) => theme.kind === 'tests')

  expect(runners.map((theme) => theme.args.includes('--retry=0'))).not.toContain(false)
})

// The same check by hand and in the run: neither may be content where the other is not.
test.each([
  ['format', 'format:check'],
  ['lint', 'lint'],
  ['imports', 'imports'],
  ['types', 'typecheck'],
])('the theme "%s" asks what "npm run %s" asks', (name, script) => {
  const [, ...options] = THEMES.find((theme) => theme.name === name)?.args ?? []
  // `typecheck` builds first, which in `npm test` is a part of setup.
  const [, ...byHand] = scriptsOfRoot[script]?.split('&& ').at(-1)?.split(/[ =]/) ?? []

  expect(options.flatMap((option) => option.split('='))).toEqual(byHand)
})
