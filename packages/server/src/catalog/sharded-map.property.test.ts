import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ShardedMap } from './sharded-map.ts'

test('it holds what one map would hold', () => {
  const act = fc.constantFrom('set', 'add', 'take')
  const steps = fc.array(fc.record({ key: fc.string({ maxLength: 3 }), act }))
  fc.assert(
    fc.property(steps, (taken) => {
      const sharded = new ShardedMap<number>()
      const plain = new Map<string, number>()
      for (const [at, { key, act }] of taken.entries()) {
        if (act === 'set') {
          sharded.set(key, at)
          plain.set(key, at)
        } else if (act === 'add') {
          if (!plain.has(key)) plain.set(key, at)
          expect(sharded.getOrAdd(key, at)).toBe(plain.get(key))
        } else {
          expect(sharded.take(key)).toBe(plain.get(key))
          plain.delete(key)
        }
        expect(sharded.size).toBe(plain.size)
      }
      for (const { key } of taken) expect(sharded.get(key)).toBe(plain.get(key))
    }),
  )
})
