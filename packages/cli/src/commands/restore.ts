/**
 * `rollcall restore`: a backup in place of everything in the catalog.
 *
 * @module
 */

import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import type { RollcallClient } from '@rollcall/client'
import { RegistryError, type RestoreStatus } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { unlessBrokenOff } from '../broken-off.ts'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { formatDuration } from '../durations.ts'
import { orUnreadable } from '../input-file.ts'
import { jsonLine } from '../output.ts'
import { present } from '../present.ts'

interface Flags extends ClientFlags {
  readonly dryRun?: true
}

/** How often the server is asked how far it is. */
const ASK_EVERY_MS = 1_000
/** The steps in which progress is told. */
const TELLS = 10
const GZIP = Buffer.from([0x1f, 0x8b])

/** Adds the command. */
export function addRestore(program: Command, context: CommandContext): void {
  const command = program
    .command('restore')
    .description('put a backup in place of everything in the catalog')
    .argument('<file>', 'as `backup` wrote it, or packed with gzip')
    .option('--dry-run', 'only check the file, and whether there is room for it')
  withClientOptions(command).action(async (path: string, flags: Flags) => {
    const { bytes, gzip } = await look(path)
    await using connection = await connect(flags, context)
    using lifetime = context.openLifetime()
    const { client, json } = connection
    const over = new AbortController()
    const telling = json ? undefined : tell(client, context, over.signal)
    try {
      const file = { open: () => createReadStream(path), bytes, gzip }
      const { dryRun } = flags
      const { signal } = lifetime
      const options = { ...present({ dryRun }), signal }
      const answer = await unlessBrokenOff(signal, brokenOff(dryRun === true), () =>
        client.backups.restore(file, options),
      )
      if (json) context.io.out(jsonLine(answer))
      else context.io.out(dryRun === true ? checkedText(answer.count) : doneText(answer))
    } finally {
      over.abort()
      await telling
    }
  })
}

type Answer = Awaited<ReturnType<RollcallClient['backups']['restore']>>

function checkedText(count: number): string {
  return `The backup is whole, with ${count} keys, and there is room for it. Nothing was changed.`
}

function doneText({ count, revision, replacedWrites, tookMs }: Answer): string {
  const lost =
    replacedWrites === 0
      ? ''
      : ` ${replacedWrites} writes came meanwhile and are gone with the old.`
  return `Restored ${count} keys at revision ${revision} in ${formatDuration(tookMs)}.${lost}`
}

function brokenOff(isDryRun: boolean): RegistryError {
  if (isDryRun) {
    return new RegistryError('unavailable', 'The check was broken off here. Nothing was changed.')
  }
  const message =
    'The restore was broken off here. If the registry has all of the file it goes on; GET /registry/v1/restore tells, and a greater generation that it is done.'
  return new RegistryError('outcome_unknown', message)
}

/** How long the file is, and whether it is packed. Throws `invalid_argument` where there is none. */
function look(path: string): Promise<{ bytes: number; gzip: boolean }> {
  return orUnreadable(path, async () => {
    await using file = await open(path, 'r')
    const { buffer } = await file.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0)
    return { bytes: (await file.stat()).size, gzip: buffer.equals(GZIP) }
  })
}

/** Says what the server is about, whenever that is something else or a tenth further. */
async function tell(
  client: RollcallClient,
  { io }: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  let told = ''
  while (await systemClock.sleep(ASK_EVERY_MS, signal)) {
    const text = progressText(await client.backups.status().catch(unknownFor))
    if (text === told || signal.aborted) continue
    told = text
    if (text !== '') io.err(text)
  }
}

/** While it works hard, or stops, it may not say. */
function unknownFor(error: unknown): undefined {
  if (!(error instanceof RegistryError)) throw error
}

function progressText(status: RestoreStatus | undefined): string {
  if (!status || status.state === 'idle') return ''
  const { state, progress } = status
  if (progress === null) return state
  return `${state} ${(Math.floor(progress * TELLS) * 100) / TELLS} %`
}
