/**
 * Where and of what a result was made.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import type { Tools } from './debian-packages.ts'
import { CACHE, ROOT } from './paths.ts'

export interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly memoryGiB: number
  readonly kernel: string
  /** Of the folder that both sides write to. */
  readonly fileSystem: string
  readonly node: string
  readonly etcd: string
  readonly wrk: string
  readonly h2load: string
}

export interface Commit {
  readonly id: string
  /** Whether files differ from the commit; what was measured is then not quite it. */
  readonly isDirty: boolean
}

export function machineOf({ versions }: Tools): Machine {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
    fileSystem: said('stat', ['-f', '-c', '%T', CACHE]),
    node: process.version,
    ...versions,
  }
}

export function commitOf(): Commit {
  return {
    id: said('git', ['rev-parse', '--short=10', 'HEAD']),
    isDirty: said('git', ['status', '--porcelain', '--', 'packages', 'package-lock.json']) !== '',
  }
}

function said(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { cwd: ROOT, encoding: 'utf8' }).trim()
}
