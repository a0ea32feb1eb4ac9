/**
 * etcd, wrk and h2load as Debian has them, without touching the system: downloaded by apt
 * with an index of our own into `.cache/debian`, and unpacked there. Nothing is installed and
 * no service starts, so no rights are needed.
 *
 * etcd comes from Debian 13 where that can be had, since older ones are out of care; else from
 * the machine's own release. wrk and h2load come from the own release, whose libraries fit.
 * Addresses and keys are those of the machine's own package sources.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Apt, ownSources } from '../../../scripts/debian/apt.ts'
import { CACHE } from './paths.ts'

const run = promisify(execFile)

/** The programs that measure and are measured against. */
export interface Tools {
  readonly etcd: string
  readonly wrk: string
  readonly h2load: string
  /** Variables that they need. */
  readonly env: Readonly<Record<string, string>>
  readonly versions: Readonly<Record<'etcd' | 'wrk' | 'h2load', string>>
}

const PREFERRED_RELEASE = 'trixie'
const FOLDER = join(CACHE, 'debian')
const UNPACKED = join(FOLDER, 'root')
/** Downloads what is not in the cache yet. Rejects with what to install by hand when that fails. */
export async function debianTools(note: (line: string) => void): Promise<Tools> {
  if (!existsSync(UNPACKED)) {
    note('downloading etcd, wrk and h2load with apt into .cache/debian (nothing is installed)')
    try {
      await download()
    } catch (error) {
      const advice =
        'Could not download etcd-server, wrk and nghttp2-client with apt; the bench needs a Debian with working package sources.'
      throw new Error(advice, { cause: error })
    }
  }
  return unpackedTools()
}

async function download(): Promise<void> {
  const { own, main } = await ownSources()
  const fresh = `${UNPACKED}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const apt = await Apt.open(join(FOLDER, 'own'), own)
  const loaders = await apt.missing(['wrk', 'nghttp2-client'])
  await apt.unpack(loaders, fresh)
  try {
    const newer = await Apt.open(join(FOLDER, 'preferred'), [{ ...main, suite: PREFERRED_RELEASE }])
    await newer.unpack(['etcd-server'], fresh)
  } catch {
    await apt.unpack(['etcd-server'], fresh) // no such release there, or not reachable
  }
  await rename(fresh, UNPACKED)
}

async function unpackedTools(): Promise<Tools> {
  const bin = join(UNPACKED, 'usr', 'bin')
  const lib = join(UNPACKED, 'usr', 'lib')
  const folders = (await readdir(lib)).filter((name) => name.includes('-linux-'))
  const libraries = folders.map((name) => join(lib, name)).join(':')
  const env = { LD_LIBRARY_PATH: libraries }
  const tools = { etcd: join(bin, 'etcd'), wrk: join(bin, 'wrk'), h2load: join(bin, 'h2load') }
  const versions = {
    etcd: await version(tools.etcd, ['--version'], env),
    // wrk says its version along with its usage, and calls that a failure.
    wrk: await version(tools.wrk, ['-v'], env),
    h2load: await version(tools.h2load, ['--version'], env),
  }
  return { ...tools, env, versions }
}

async function version(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const said = await run(program, args, { env: { ...process.env, ...env } }).catch(
    (error: unknown) => error as { stdout?: string; stderr?: string },
  )
  const found = /\d+\.\d+\.\d+/.exec(`${said.stdout ?? ''}${said.stderr ?? ''}`)?.[0]
  if (found === undefined) {
    throw new Error(`${program} does not run; remove ${FOLDER} and try again.`, { cause: said })
  }
  return found
}
