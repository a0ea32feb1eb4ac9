/**
 * The contract of engines on each etcd that has to do: two versions, one and three members. One
 * of the four is a part of `npm test`.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ROOT } from '../tools/paths.ts'
import type { Options } from './options.ts'

const MATRIX = ['bookworm:1', 'bookworm:3', 'trixie:1', 'trixie:3'] as const
const ARGS = ['node_modules/vitest/vitest.mjs', 'run', '--project=etcd', '--retry=0']
const SUITE = 'packages/server/src/engines/etcd/engine.etcd.test.ts'

/** Runs all, and answers whether all is well. */
export async function soakEtcd(_: Options, note: (line: string) => void): Promise<boolean> {
  const failed: string[] = []
  for (const kind of MATRIX) {
    note(`the contract on ${kind}`)
    const env = { ...process.env, ETCD_UNDER_TEST: kind }
    const run = spawn(process.execPath, [...ARGS, SUITE], { cwd: ROOT, env, stdio: 'inherit' })
    const [code] = (await once(run, 'exit')) as [number | null]
    if (code !== 0) failed.push(kind)
  }
  if (failed.length > 0) note(`failed on ${failed.join(', ')}`)
  return failed.length === 0
}
