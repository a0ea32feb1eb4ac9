import { expect, test } from 'vitest'
import { ServiceTable } from './service-table.ts'

test('a million changes of one millisecond run over into the next, so that times only grow', () => {
  const service = new ServiceTable({ env: 'default', service: 'web' }, 0)
  const at = () => [service.changedAtMs, service.changedSeq]
  for (let revision = 1; revision <= 1_000_000; revision += 1) service.changed(revision, 5)
  expect(at()).toEqual([5, 999_999])
  service.changed(1_000_001, 5)
  expect(at()).toEqual([6, 0])
  service.changed(1_000_002, 6)
  expect(at()).toEqual([6, 1])
  service.changed(1_000_003, 7)
  expect([...at(), service.revision]).toEqual([7, 0, 1_000_003])
})
