/**
 * Backups as tests take, keep, spoil and restore them.
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@rollcall/runtime'
import { endLine, headerLine } from '../catalog/backup/format.ts'
import { runRestore, type RestoreRunAnswer } from '../catalog/backup/restore-run.ts'
import { writeBackup } from '../catalog/backup/write-backup.ts'
import type { Engine } from '../catalog/engine.ts'

/** Everything that an engine holds, as a file. */
export async function backupOf(engine: Engine): Promise<Buffer> {
  await using snapshot = await engine.snapshot()
  return await gathered(writeBackup(snapshot, { clock: systemClock, createdMs: 1 }))
}

export async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

/** The same bytes in pieces of a size. */
export async function* inPieces(file: Uint8Array, bytes = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += bytes) {
    yield await Promise.resolve(file.subarray(at, at + bytes))
  }
}

/** Restores a file into an engine that has no plane. */
export async function restoreFile(engine: Engine, file: Uint8Array): Promise<RestoreRunAnswer> {
  const folder = join(tmpdir(), `rollcall-spool-${randomUUID()}`)
  try {
    return await runRestore(inPieces(file), {
      engine,
      clock: systemClock,
      folder,
      isDryRun: false,
      bytes: file.length,
      signal: new AbortController().signal,
      onStep: () => {},
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What stands between the first line and the last: the same for the same content, wherever it came from. */
export function contentLines(file: Buffer): string[] {
  return file.toString().split('\n').slice(1, -2)
}

/** A file with these lines in the middle, and a first and a last line that fit them. */
export function fileOf(lines: readonly (object | string)[], revision = 7): Buffer {
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  const before = [
    headerLine({ generation: 1, revision, createdAt: 1 }).trimEnd(),
    ...texts,
    '',
  ].join('\n')
  const count = texts.filter((text) => text.startsWith('{"k"')).length
  const sha256 = createHash('sha256').update(before).digest('hex')
  return Buffer.from(before + endLine({ count, sha256, revision }))
}
