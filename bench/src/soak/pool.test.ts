import { seededRandom } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { Pool } from './pool.ts'

function bringAllBack(pool: Pool): void {
  for (let n = pool.comeBack(); n !== undefined; n = pool.comeBack()) pool.arrived(n)
}

test('a quarter of those who churn is away, however many leave and come back', () => {
  const pool = new Pool(10_000, seededRandom(1))
  expect([pool.steady, pool.churners.length]).toEqual([8_000, 2_000])
  bringAllBack(pool)
  expect(pool.present).toHaveLength(1_500)
  for (let round = 0; round < 5_000; round += 1) {
    pool.leave()
    bringAllBack(pool)
  }
  expect(pool.present).toHaveLength(1_500)
  const everybody = pool.churners.toSorted((left, right) => left - right)
  expect(everybody).toEqual(Array.from({ length: 2_000 }, (_, at) => 8_000 + at))
})

test('whoever has been away longest comes back first', () => {
  const pool = new Pool(1_000, seededRandom(1))
  bringAllBack(pool)
  const left = Array.from({ length: 60 }, () => pool.leave())
  const cameBack = Array.from({ length: 60 }, () => pool.comeBack())
  expect(cameBack.slice(-10)).toEqual(left.slice(0, 10))
})
