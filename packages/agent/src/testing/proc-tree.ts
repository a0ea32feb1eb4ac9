/**
 * A folder that looks like `/proc`, for tests.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** What a process in the folder shows of itself; what is absent cannot be read. */
export interface FakeProcess {
  readonly comm?: string
  readonly cmdline?: readonly string[]
  readonly uid?: number
  /** Inodes of the sockets it holds, as file descriptors from 3 on. */
  readonly sockets?: readonly string[]
}

const HEADING =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

/** A temporary folder in the form of `/proc`. Disposing removes it. */
export class ProcTree implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'rollcall-proc-'))

  /** Writes a file, with its folders. */
  write(path: string, text: string): void {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  /** Makes the table of listening sockets: `[local address in hexadecimal, inode]`. */
  listen(table: 'tcp' | 'tcp6', sockets: readonly (readonly [local: string, inode: string])[]) {
    const lines = sockets.map(([local, inode], at) => listenLine(at, { local, inode }))
    this.write(`net/${table}`, HEADING + lines.join(''))
  }

  /** Starts a process, or replaces it. */
  run(pid: number, { comm, cmdline, uid, sockets = [] }: FakeProcess): void {
    this.end(pid)
    mkdirSync(join(this.root, `${pid}/fd`), { recursive: true })
    symlinkSync('/dev/null', join(this.root, `${pid}/fd/0`))
    for (const [at, inode] of sockets.entries()) {
      symlinkSync(`socket:[${inode}]`, join(this.root, `${pid}/fd/${at + 3}`))
    }
    if (comm !== undefined) this.write(`${pid}/comm`, `${comm}\n`)
    if (cmdline) this.write(`${pid}/cmdline`, cmdline.map((argument) => `${argument}\0`).join(''))
    if (uid !== undefined) {
      const ids = `${uid}\t${uid}\t${uid}\t${uid}`
      this.write(`${pid}/status`, `Name:\t${comm}\nPid:\t${pid}\nUid:\t${ids}\nGid:\t${ids}\n`)
    }
  }

  /** Ends a process. */
  end(pid: number): void {
    rmSync(join(this.root, String(pid)), { recursive: true, force: true })
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Makes a line of the kernel's table. `st` is the state: 0A listens. */
export function listenLine(
  at: number,
  { local, inode, st = '0A' }: { local: string; inode: string; st?: string },
): string {
  const remote = local.length > 13 ? `${'0'.repeat(32)}:0000` : '00000000:0000'
  const number = String(at).padStart(4)
  return `${number}: ${local} ${remote} ${st} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0                     \n`
}
