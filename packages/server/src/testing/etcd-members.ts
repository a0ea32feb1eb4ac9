/**
 * Real members of etcd for tests: processes on loopback, with their data in a temporary folder.
 *
 * @module
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@rollcall/runtime'

/** The releases of Debian whose etcd is downloaded, and the version of each. */
export const ETCD_VERSIONS = { bookworm: '3.4.23', trixie: '3.5.16' } as const
export type EtcdRelease = keyof typeof ETCD_VERSIONS

const CACHE = fileURLToPath(new URL('../../../../.cache/debian/etcd', import.meta.url))
const READY_WITHIN_MS = 30_000
/** Of the gateway; one that stands still does not answer at all. */
const ANSWER_WITHIN_MS = 5_000
const never = new AbortController().signal
const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export interface EtcdMembersOptions {
  readonly release: EtcdRelease
  readonly members: number
  /** More options for each member, such as `quota-backend-bytes`. */
  readonly options?: Readonly<Record<string, string>>
  /** Clients then come by TLS only, and with a certificate of the same authority. */
  readonly tls?: EtcdTlsFiles
  /** Leads the others to a member by a way round: answers the URL that it tells them in place of its own. */
  readonly peersVia?: (url: string, at: number) => Promise<string>
}

/** Paths of PEM files. */
export interface EtcdTlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Answers where the program is. Throws with what to run where it is missing. */
export function etcdProgram(release: EtcdRelease): string {
  const program = join(CACHE, release, 'usr', 'bin', 'etcd')
  if (existsSync(program)) return program
  throw new Error(`There is no etcd of ${release}; run "npm run etcd" first.`)
}

/** One process, which may be stopped and started again over its data. */
export class EtcdMember {
  readonly url: string
  readonly #healthUrl: string
  readonly #program: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #said = ''

  constructor(urls: { client: string; health: string }, program: string, args: readonly string[]) {
    this.url = urls.client
    this.#healthUrl = urls.health
    this.#program = program
    this.#args = args
  }

  start(): void {
    const child = spawn(this.#program, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (text: Buffer) => {
        this.#said = (this.#said + text.toString()).slice(-4_000)
      })
    }
    running.add(child)
    child.once('exit', () => running.delete(child))
    this.#child = child
  }

  /** SIGSTOP, SIGCONT. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async untilReady(): Promise<void> {
    const deadlineMs = systemClock.monotonicMs() + READY_WITHIN_MS
    for (;;) {
      try {
        const { status } = await fetch(`${this.#healthUrl}/health`)
        if (status === 200) return
      } catch {
        // Not yet.
      }
      if (this.#child?.exitCode !== null || systemClock.monotonicMs() > deadlineMs) {
        throw new Error(`etcd does not answer:\n${this.#said}`)
      }
      await systemClock.sleep(50, never)
    }
  }
}

/** A cluster of its own. Disposing kills it and removes its data. */
export class EtcdMembers implements AsyncDisposable {
  readonly members: readonly EtcdMember[]
  readonly #folder: string

  private constructor(members: readonly EtcdMember[], folder: string) {
    this.members = members
    this.#folder = folder
  }

  static async start({
    release,
    members,
    options = {},
    tls,
    peersVia = (url) => Promise.resolve(url),
  }: EtcdMembersOptions): Promise<EtcdMembers> {
    const program = etcdProgram(release)
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-etcd-'))
    const ports = await freePorts(3 * members)
    const url = (at: number) => `http://127.0.0.1:${ports[at] ?? 0}`
    const peers = await Promise.all(
      Array.from({ length: members }, (_, at) => peersVia(url(members + at), at)),
    )
    const all = peers.map((peer, at) => `m${at}=${peer}`).join(',')
    const started = Array.from({ length: members }, (_, at) => {
      const client = tls ? `https://localhost:${ports[at] ?? 0}` : url(at)
      const health = url(2 * members + at)
      const settings = {
        name: `m${at}`,
        'data-dir': join(folder, `m${at}`),
        'listen-client-urls': client.replace('localhost', '127.0.0.1'),
        'advertise-client-urls': client,
        'listen-metrics-urls': health,
        'listen-peer-urls': url(members + at),
        'initial-advertise-peer-urls': peers[at] ?? '',
        'initial-cluster': all,
        'log-level': 'error',
        ...(tls && {
          'cert-file': tls.cert,
          'key-file': tls.key,
          'trusted-ca-file': tls.ca,
          'client-cert-auth': 'true',
        }),
        ...options,
      }
      const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
      return new EtcdMember({ client, health }, program, args)
    })
    for (const member of started) member.start()
    const cluster = new EtcdMembers(started, folder)
    try {
      for (const member of started) await member.untilReady()
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
    return cluster
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ url }) => url)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Ports of loopback that were free a moment ago; all are held at once so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  await Promise.all(servers.map((server) => once(server, 'close')))
  return ports
}

/** Asks a member over its gateway for JSON, as others who use the same etcd might. */
export async function askEtcd(
  url: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${url}/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text}`)
  return JSON.parse(text) as Readonly<Record<string, unknown>>
}
