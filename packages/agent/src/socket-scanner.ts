/**
 * Finds the listening TCP sockets of this machine and the process behind each.
 *
 * The kernel says which sockets listen (cheap, every scan) and, in another place, which
 * process holds which socket, as a link per open file. Walking all those links is the dear
 * part, so an owner that was found is only confirmed next time (one link), and a walk happens
 * only when a socket is new. A socket whose owner may not be seen is looked for again a few
 * times, then once in a while.
 *
 * @module
 */

import { endianness } from 'node:os'
import { parseListeners, type Listener } from './proc-net.ts'
import type { ProcReader } from './proc-reader.ts'
import { readKernelName, readProcess, type ProcessFacts } from './process-facts.ts'

/** A listening socket with the process that holds it. */
export interface ListeningSocket extends Listener {
  readonly process: ProcessFacts
}

/** What one look at the machine's sockets found. */
export interface SocketScan {
  /** In order of port, then of address. */
  readonly sockets: readonly ListeningSocket[]
  /** How many listening sockets were left out because no process could be seen behind them. */
  readonly withoutProcess: number
  /** False where the system has no table of sockets to read: then nothing is known. */
  readonly readable: boolean
}

export interface SocketScannerOptions {
  readonly proc: ProcReader
  /** Names the users, asked once per walk. */
  readonly users: () => ReadonlyMap<number, string>
  /** Lets other work run; awaited now and then during a walk. */
  readonly breathe: () => Promise<void>
}

interface Owner {
  readonly fd: string
  readonly kernelName: string
  readonly facts: ProcessFacts
}

// A socket may be seen a moment before its process is; more than that is not bad luck.
const EAGER_WALKS = 3
const SCANS_PER_LATER_WALK = 15

// About a millisecond of work, listing the folders included.
const LINKS_PER_BREATH = 64

/** An init that opens sockets for services also keeps them; the service is the better owner. */
const SOCKET_ACTIVATOR = 'systemd'

/** Looks at the sockets again and again, remembering owners in between. Scans must not overlap. */
export class SocketScanner {
  readonly #options: SocketScannerOptions
  readonly #owners = new Map<string, Owner>()
  readonly #missed = new Map<string, number>()
  #linksRead = 0

  constructor(options: SocketScannerOptions) {
    this.#options = options
  }

  /** Looks once. Never fails for what it may not read. */
  async scan(): Promise<SocketScan> {
    const tables = ['net/tcp', 'net/tcp6'].map((path) => this.#options.proc.listenerTable(path))
    const listeners = tables.flatMap((table) => parseListeners(table ?? '', endianness()))
    this.#forget(new Set(listeners.map(({ inode }) => inode)))
    this.#confirm()
    await this.#find(listeners.map(({ inode }) => inode).filter((inode) => this.#isDue(inode)))
    const sockets = listeners.flatMap((listener): ListeningSocket[] => {
      const owner = this.#owners.get(listener.inode)
      return owner ? [{ ...listener, process: owner.facts }] : []
    })
    return {
      sockets: sockets.sort(byPortAndAddress),
      withoutProcess: listeners.length - sockets.length,
      readable: tables.some((table) => table !== undefined),
    }
  }

  #forget(present: ReadonlySet<string>): void {
    for (const inode of this.#owners.keys()) if (!present.has(inode)) this.#owners.delete(inode)
    for (const inode of this.#missed.keys()) if (!present.has(inode)) this.#missed.delete(inode)
  }

  // The same link in the same process means the same owner, unless it now runs another
  // program. Titles that a process writes over its arguments are not followed: some change
  // with every request, and each change would be a registration.
  #confirm(): void {
    const { proc } = this.#options
    const namesNow = new Map<number, string | undefined>()
    for (const [inode, { fd, kernelName, facts }] of this.#owners) {
      const { pid } = facts
      if (!namesNow.has(pid)) namesNow.set(pid, readKernelName(proc, pid))
      const isSame =
        namesNow.get(pid) === kernelName && proc.link(`${pid}/fd/${fd}`) === socketLink(inode)
      if (!isSame) this.#owners.delete(inode)
    }
  }

  // Every missed socket counts its scans, and has its turn in the first few and each 15th.
  #isDue(inode: string): boolean {
    if (this.#owners.has(inode)) return false
    const scans = this.#missed.get(inode) ?? 0
    this.#missed.set(inode, scans + 1)
    return scans < EAGER_WALKS || scans % SCANS_PER_LATER_WALK === 0
  }

  /**
   * Walks the processes in order of pid: of several that hold a socket, the lowest is the one
   * that opened it, and its workers come after. Ends as soon as nothing is sought any more.
   */
  async #find(inodes: readonly string[]): Promise<void> {
    if (inodes.length === 0) return
    const { proc, users } = this.#options
    const sought = new Map(inodes.map((inode) => [socketLink(inode), inode]))
    const userNames = users()
    const pids = (proc.names('') ?? []).filter((name) => /^\d+$/.test(name)).map(Number)
    for (const pid of pids.sort((left, right) => left - right)) {
      const held = await this.#heldBy(pid, sought)
      if (held.length === 0) continue
      const kernelName = readKernelName(proc, pid)
      const facts = readProcess(proc, pid, userNames)
      if (kernelName === undefined || facts === undefined) continue
      for (const { inode, fd } of held) {
        this.#owners.set(inode, { fd, kernelName, facts })
        this.#missed.delete(inode)
        if (kernelName !== SOCKET_ACTIVATOR) sought.delete(socketLink(inode))
      }
      if (sought.size === 0) return
    }
  }

  async #heldBy(
    pid: number,
    sought: ReadonlyMap<string, string>,
  ): Promise<{ inode: string; fd: string }[]> {
    const { proc, breathe } = this.#options
    const fds = proc.names(`${pid}/fd`) ?? []
    const held: { inode: string; fd: string }[] = []
    for (const fd of fds) {
      this.#linksRead += 1
      if (this.#linksRead % LINKS_PER_BREATH === 0) await breathe()
      const inode = sought.get(proc.link(`${pid}/fd/${fd}`) ?? '')
      if (inode !== undefined) held.push({ inode, fd })
    }
    return held
  }
}

function socketLink(inode: string): string {
  return `socket:[${inode}]`
}

function byPortAndAddress(left: Listener, right: Listener): number {
  if (left.port !== right.port) return left.port - right.port
  return left.address < right.address ? -1 : Number(left.address > right.address)
}
