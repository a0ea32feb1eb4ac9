/**
 * What the agent knows of a process, from its folder in `/proc`.
 *
 * @module
 */

import { commandText } from './command-line.ts'
import { oneLine } from './plain-text.ts'
import type { ProcReader } from './proc-reader.ts'
import { processName } from './service-name.ts'
import { userName } from './users.ts'

/** A process; what could not be read is absent. */
export interface ProcessFacts {
  readonly pid: number
  /** What it is called, whole where the kernel cut it. */
  readonly name: string
  /** Its command line on one line, secrets masked; absent for one that has none. */
  readonly command?: string
  /** The user whose rights it has, by name where `/etc/passwd` knows it. */
  readonly user?: string
}

/** Splits the text of `/proc/<pid>/cmdline`: arguments that each end in a zero byte. */
export function parseCmdline(text: string): string[] {
  const args = text.split('\0')
  // A process that writes a title over its arguments leaves a tail of zero bytes.
  while (args.at(-1) === '') args.pop()
  return args
}

/** Reads the effective uid out of the text of `/proc/<pid>/status`. */
export function parseEffectiveUid(text: string): number | undefined {
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(text)?.[1]
  return uid === undefined ? undefined : Number(uid)
}

/** Reads the kernel's name of a process; undefined when it has gone. */
export function readKernelName(proc: ProcReader, pid: number): string | undefined {
  const text = proc.text(`${pid}/comm`)
  return text?.endsWith('\n') ? text.slice(0, -1) : text
}

/** Reads all facts of a process; undefined when not even its name can be read. */
export function readProcess(
  proc: ProcReader,
  pid: number,
  users: ReadonlyMap<number, string>,
): ProcessFacts | undefined {
  const kernelName = readKernelName(proc, pid)
  if (kernelName === undefined) return undefined
  const args = parseCmdline(proc.text(`${pid}/cmdline`) ?? '')
  const uid = parseEffectiveUid(proc.text(`${pid}/status`) ?? '')
  return {
    pid,
    name: processName(kernelName, args[0]),
    ...(args.length > 0 && { command: commandText(args) }),
    ...(uid !== undefined && { user: oneLine(userName(uid, users)) }),
  }
}
