/**
 * The `rollcall` command as a user has it: built, in a process of its own.
 *
 * @module
 */

import { Child } from './child.ts'

export const COMMAND = 'packages/cli/bin/rollcall.js'

/** A command takes half a second on a quiet machine. */
const ENDS_WITHIN_MS = 20_000

type Env = Readonly<Record<string, string>>

/** How a command ended, and all that it said. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts a command that goes on until it is told to end. */
export function startCli(args: readonly string[], env: Env = {}): Child {
  return new Child({ args: [COMMAND, ...args], env })
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], env: Env = {}): Promise<CliResult> {
  await using child = startCli(args, env)
  const { code } = await child.waitForEnd(ENDS_WITHIN_MS)
  return { code, stdout: child.stdout.join('\n'), stderr: child.stderr.join('\n') }
}

/** Runs a command with `--json` that must succeed, and reads what it prints. */
export async function runCliJson<T>(args: readonly string[], env: Env = {}): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json'], env)
  if (code !== 0) throw new Error(`rollcall ${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}
