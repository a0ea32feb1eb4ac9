import { expect, test } from 'vitest'
import { run } from '../testing/run.ts'
import { openRegistry, type Registry } from '../testing/registry.ts'

async function withMachines(): Promise<Registry> {
  const r = await openRegistry()
  for (const name of ['db-1', 'db-2', 'web-1']) {
    const place = ['--ns', 'pool', '--id', name]
    await r.run(['resource', 'add', 'machine', `hostname=${name}`, 'os=linux', ...place])
  }
  return r
}

test('finds by any property or one, and shows what matched', async () => {
  await using r = await withMachines()
  const { out } = await r.run(['search', 'db-', '--mode', 'prefix'])
  expect(out[0]).toMatch(/^TYPE +ID +NAMESPACE +MATCHED +PROPERTIES$/)
  expect(out.slice(1).sort()).toEqual([
    expect.stringMatching(/^machine +db-1 +pool +_id,hostname +hostname=db-1 os=linux$/),
    expect.stringMatching(/^machine +db-2 /),
  ])
  const regex = ['search', '^web-[0-9]$', '--mode', 'regex', '--key', 'hostname', '--json']
  const { text } = await r.run([...regex, '--type', 'machine', '--ns', '/'])
  expect(JSON.parse(text)).toMatchObject({ hits: [{ id: 'web-1' }], more: false })
})

test('nothing found is no failure', async () => {
  await using r = await withMachines()
  expect(await r.run(['search', 'none'])).toMatchObject({ code: 0, out: [expect.any(String)] })
})

test('says when there is more than was wanted', async () => {
  await using r = await withMachines()
  const { out, err } = await r.run(['search', 'linux', '--key', 'os', '--limit', '2'])
  expect([out.length, err]).toEqual([3, ['There is more than 2; raise --limit to see it.']])
})

test('a namespace that is not there is exit code 3, a pattern that is none is wrong usage', async () => {
  await using r = await withMachines()
  expect((await r.run(['search', 'a', '--ns', 'none'])).code).toBe(3)
  expect((await r.run(['search', '(', '--mode', 'regex'])).code).toBe(2)
  expect((await run(['search', 'a', '--mode', 'glob'])).code).toBe(2)
})
