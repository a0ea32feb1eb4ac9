/**
 * The calls that take a backup of the catalog and put one back.
 *
 * @module
 */

import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import {
  API_BASE,
  BACKUP_TYPE,
  HEADERS,
  RegistryError,
  type RestoreAnswer,
  type RestoreStatus,
} from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { HttpTransport, OpenStream } from './http-transport.ts'
import { withQuery } from './paths.ts'
import { BackupCheck, type WholeBackup } from './whole-backup.ts'

const PATH = `${API_BASE}/restore`
/** A server that sends nothing for so long will send nothing more. */
const SILENT_MS = 60_000

/** A backup on its way here. */
export interface BackupDownload {
  /** As of which it is. */
  readonly revision: number
  /**
   * Its bytes, to be read once. Throws at their end, with `invalid_backup`, when they are not a
   * whole backup, and `unavailable` when the server fell silent: what was read is worth nothing then.
   */
  readonly chunks: AsyncIterable<Uint8Array>
  /** What the last line said; undefined before `chunks` has ended well. */
  readonly whole: () => WholeBackup | undefined
}

export interface RestoreFile {
  /** The file from its start, each time it is called: it may be sent to another server. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** Its length, where it is known. */
  readonly bytes?: number
  /** Whether it is packed. */
  readonly gzip?: boolean
}

export interface RestoreOptions {
  /** Check everything, and change nothing. */
  readonly dryRun?: boolean
  /** Breaks the call off; once all of the file was sent the restore goes on all the same. */
  readonly signal?: AbortSignal
}

export interface BackupsOptions {
  readonly transport: HttpTransport
  readonly clock: Clock
}

/** Everything of the catalog in one file, and back. */
export class Backups {
  readonly #options: BackupsOptions

  constructor(options: BackupsOptions) {
    this.#options = options
  }

  /** Begins to read a backup. It is checked as it is read. */
  async read({ signal }: { readonly signal?: AbortSignal } = {}): Promise<BackupDownload> {
    const stream = await this.#options.transport.open({
      method: 'GET',
      path: `${API_BASE}/backup`,
      headers: { 'accept-encoding': 'gzip' },
      streams: BACKUP_TYPE,
      signal,
    })
    const check = new BackupCheck()
    let whole: WholeBackup | undefined
    const { clock } = this.#options
    const chunks = async function* () {
      try {
        for await (const chunk of unpacked(stream, clock)) {
          check.take(chunk)
          yield chunk
        }
        whole = check.finish()
      } finally {
        stream.end()
      }
    }
    const revision = Number(stream.header(HEADERS.revision) ?? 0)
    return { revision, chunks: chunks(), whole: () => whole }
  }

  /**
   * Puts a backup in place of everything in the catalog, and answers when the server shows it; that
   * may take minutes, and no limit of time applies. Throws what the server refuses it with, and
   * `outcome_unknown` when its answer was lost: `status` tells by the generation what became of it.
   */
  async restore(file: RestoreFile, options: RestoreOptions = {}): Promise<RestoreAnswer> {
    const { open, bytes, gzip = false } = file
    const upload = this.#options.transport.upload({
      method: 'POST',
      path: withQuery(PATH, { dryRun: options.dryRun === true ? '1' : undefined }),
      upload: open,
      headers: {
        'content-type': BACKUP_TYPE,
        ...(bytes !== undefined && { 'content-length': String(bytes) }),
        ...(gzip && { 'content-encoding': 'gzip' }),
      },
      timeoutMs: Number.POSITIVE_INFINITY,
      signal: options.signal,
    })
    const answer = await upload.catch((error: unknown) => {
      throw lostAnswer(error) ?? error
    })
    return answer.body as RestoreAnswer
  }

  /** How far a restore is, and of which generation the content is. */
  async status(): Promise<RestoreStatus> {
    const answer = await this.#options.transport.call({ method: 'GET', path: PATH })
    return answer.body as RestoreStatus
  }
}

/** Nobody can send a restore again as one sends a write: whoever has lost its answer has to ask. */
function lostAnswer(error: unknown): RegistryError | undefined {
  if (!(error instanceof RegistryError) || error.code !== 'outcome_unknown') return undefined
  const message = `${error.message} Ask how the restore is (GET ${PATH}): a greater generation says that it was done.`
  return new RegistryError(error.code, message, { cause: error, details: error.details })
}

async function* unpacked(stream: OpenStream, clock: Clock): AsyncGenerator<Uint8Array> {
  const heard = whileHeard(stream, clock)
  if (stream.header('content-encoding') !== 'gzip') {
    yield* heard
    return
  }
  const gunzip = createGunzip()
  const packed = Readable.from(heard)
  packed.once('error', (error) => gunzip.destroy(error))
  packed.pipe(gunzip)
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array
  } catch (error) {
    const isCut = error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR'
    if (!isCut) throw error
    const message =
      'The backup broke off before its last line; nothing of it is kept. Take it again.'
    throw new RegistryError('invalid_backup', message, { details: { reason: 'truncated' } })
  } finally {
    packed.destroy()
  }
}

/** Ends the stream when nothing comes for long. */
async function* whileHeard(stream: OpenStream, clock: Clock): AsyncGenerator<Uint8Array> {
  const { server, chunks } = stream
  const message = `${server.url} has sent nothing of the backup for ${SILENT_MS} ms.`
  const giveUp = () => {
    stream.end(new RegistryError('unavailable', message, { details: { server: server.url } }))
  }
  let cancel = clock.after(SILENT_MS, giveUp)
  try {
    for await (const chunk of chunks) {
      cancel()
      yield chunk
      cancel = clock.after(SILENT_MS, giveUp)
    }
  } catch (error) {
    // What the caller broke it off with, or we ourselves, says what it is.
    if (!isOfConnection(error)) throw error
    const text = `The backup broke off (${error.message}); nothing of it is kept. Take it again.`
    throw new RegistryError('unavailable', text, { cause: error, details: { server: server.url } })
  } finally {
    cancel()
  }
}

/** As undici words it: an error of the socket, or that the body ended early. */
function isOfConnection(error: unknown): error is Error {
  return (
    error instanceof Error &&
    (('code' in error && error.name !== 'RegistryError' && error.name !== 'AbortError') ||
      error.name === 'TypeError')
  )
}
