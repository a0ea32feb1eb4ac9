/**
 * Packages of Debian without touching the system: downloaded by apt with an index of our own, and
 * unpacked into a folder. Nothing is installed and no service starts, so no rights are needed.
 * Addresses and keys are those of the machine's own package sources.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { aptLine, parseAptSources, type AptSource } from './apt-sources.ts'

const run = promisify(execFile)

/** A C library of another release beside the system's own loader cannot work. */
const NEVER = /^(libc6|libc-bin|libc6-.*)$/

/** The sources of this machine's release; `main` is the one without a suffix. */
export async function ownSources(): Promise<{
  readonly own: readonly AptSource[]
  readonly main: AptSource
}> {
  const { VERSION_CODENAME: release = '' } = osRelease()
  const sources = await machineSources()
  const own = sources.filter(({ suite }) => suite === release || suite.startsWith(`${release}-`))
  const main = own.find(({ suite }) => suite === release)
  if (!main) throw new Error(`apt has no source for this machine's release, "${release}".`)
  return { own, main }
}

/** apt with sources and an index of its own. */
export class Apt {
  readonly #options: readonly string[]
  readonly #folder: string

  private constructor(folder: string, options: readonly string[]) {
    this.#folder = folder
    this.#options = options
  }

  /** The folder is its own; it is made where it is not there. */
  static async open(folder: string, sources: readonly AptSource[]): Promise<Apt> {
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
