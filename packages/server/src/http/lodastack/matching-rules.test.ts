import { expect, test } from 'vitest'
import { setUpLodastack } from './testing/calls.ts'

async function setUpLeaves() {
  const s = await setUpLodastack()
  await s.grow(
    ['one.loda', 0, '0-2-'],
    ['p.loda', 1, '0-2-2-1'],
    ['two.p.loda', 0, '0-2-2-1'],
    ['three.p.loda', 0, '0-3-2-1'],
    ['four.loda', 0, '0-4'],
    ['none.loda', 0, '^$'],
  )
  return s
}

test.each([
  { hostname: '0-2-host', places: ['one.loda'] },
  { hostname: '0-2-2-1-host', places: ['one.loda', 'two.p.loda'] },
  { hostname: 'a-0-3-2-1', places: ['three.p.loda'] },
  { hostname: '0-4', places: ['four.loda'] },
  { hostname: '0-5-host', places: ['pool.loda'] },
])('$hostname registers in $places', async ({ hostname, places }) => {
  await using s = await setUpLeaves()
  const registered = await s.register({ hostname })
  expect(Object.keys(registered).sort()).toEqual(places)
})

test('a machine that was moved out of the pool stays where it is', async () => {
  await using s = await setUpLeaves()
  const { 'pool.loda': id = '' } = await s.register({ hostname: 'h' })
  const fields = { from: 'pool.loda', to: 'none.loda', type: 'machine', resourceid: id }
  await s.query('PUT /resource/move', fields)
  expect(await s.register({ hostname: 'h' })).toEqual({ 'none.loda': id })
})

test('a rule that changes is for those who come later', async () => {
  await using s = await setUpLeaves()
  await s.register({ hostname: 'h-1' })
  await s.query('PUT /ns', { ns: 'none.loda', machinereg: '^h-' })
  expect(Object.keys(await s.register({ hostname: 'h-1' }))).toEqual(['pool.loda'])
  expect(Object.keys(await s.register({ hostname: 'h-2' }))).toEqual(['none.loda'])
})
