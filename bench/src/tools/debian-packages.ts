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
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { aptLine, parseAptSources, type AptSource } from './apt-sources.ts'
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
/** A C library of another release beside the system's own loader cannot work. */
const NEVER = /^(libc6|libc-bin|libc6-.*)$/

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
  const { VERSION_CODENAME: release = '' } = osRelease()
  const sources = await machineSources()
  const own = sources.filter(({ suite }) => suite === release || suite.startsWith(`${release}-`))
  const main = own.find(({ suite }) => suite === release)
  if (!main) throw new Error(`apt has no source for this machine's release, "${release}".`)
  const fresh = `${UNPACKED}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const apt = await Apt.open('own', own)
  const loaders = await apt.missing(['wrk', 'nghttp2-client'])
  await apt.unpack(loaders, fresh)
  try {
    const newer = await Apt.open('preferred', [{ ...main, suite: PREFERRED_RELEASE }])
    await newer.unpack(['etcd-server'], fresh)
  } catch {
    await apt.unpack(['etcd-server'], fresh) // no such release there, or not reachable
  }
  await rename(fresh, UNPACKED)
}

/** apt with sources and an index of its own. */
class Apt {
  readonly #options: readonly string[]
  readonly #folder: string

  private constructor(folder: string, options: readonly string[]) {
    this.#folder = folder
    this.#options = options
  }

  static async open(name: string, sources: readonly AptSource[]): Promise<Apt> {
    const folder = join(FOLDER, name)
    for (const part of ['lists/partial', 'cache/archives/partial', 'packages']) {
      await mkdir(join(folder, part), { recursive: true })
    }
    const list = join(folder, 'sources.list')
    await writeFile(list, `${sources.map(aptLine).join('\n')}\n`)
    const settings = {
      'Dir::Etc::sourcelist': list,
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::State::lists': join(folder, 'lists'),
      'Dir::Cache': join(folder, 'cache'),
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    }
    const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
    const apt = new Apt(folder, options)
    await apt.#get(['-qq', 'update'])
    return apt
  }

  /** The packages with all that they need and that this machine does not have. */
  async missing(packages: readonly string[]): Promise<string[]> {
    const asked = ['--simulate', 'install', '--no-install-recommends', ...packages]
    const plan = await this.#get(asked)
    const needed = [...plan.matchAll(/^Inst (\S+)/gm)].flatMap(([, name]) => name ?? [])
    // What is installed here already is not in the plan, yet we want our own of these.
    return [...new Set([...packages, ...needed])].filter((name) => !NEVER.test(name))
  }

  async unpack(packages: readonly string[], into: string): Promise<void> {
    const folder = join(this.#folder, 'packages')
    await this.#get(['-q', 'download', ...packages], folder)
    for (const name of packages) {
      const file = (await readdir(folder)).find((one) => one.startsWith(`${name}_`))
      if (file === undefined) throw new Error(`apt downloaded no file for ${name}.`)
      await run('dpkg', ['-x', join(folder, file), into])
    }
  }

  async #get(args: readonly string[], cwd: string = this.#folder): Promise<string> {
    const { stdout } = await run('apt-get', [...this.#options, ...args], { cwd })
    return stdout
  }
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

async function machineSources(): Promise<AptSource[]> {
  const folder = '/etc/apt/sources.list.d'
  const parts = existsSync(folder) ? (await readdir(folder)).map((name) => join(folder, name)) : []
  return ['/etc/apt/sources.list', ...parts]
    .filter((file) => /\.(list|sources)$/.test(file) && existsSync(file))
    .flatMap((file) => parseAptSources(file, readFileSync(file, 'utf8')))
}

function osRelease(): Readonly<Record<string, string>> {
  const text = readFileSync('/etc/os-release', 'utf8')
  const pairs = text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)
  return Object.fromEntries([...pairs].map(([, key = '', value = '']) => [key, value]))
}
