/**
 * A real registry in this process, for command lines: its catalog in memory, on a clock of its own.
 *
 * @module
 */

import { setUpApp, type AppHarness } from '@rollcall/server/testing'
import { begin, run, type Run, type RunOptions } from './run.ts'

export interface Registry extends AsyncDisposable {
  readonly t: AppHarness
  /** Runs a command line against it, to its end. */
  readonly run: (argv: readonly string[], options?: RunOptions) => ReturnType<typeof run>
  /** Starts one. */
  readonly begin: (argv: readonly string[], options?: RunOptions) => Run
}

/** Opens a registry on loopback. */
export async function openRegistry(): Promise<Registry> {
  const t = await setUpApp({ limits: { bodyMaxBytes: 1_024 * 1_024 } })
  const { url } = await t.listen()
  const at = (options: RunOptions = {}): RunOptions => ({
    ...options,
    env: { ROLLCALL_SERVER: url, ...options.env },
  })
  return {
    t,
    run: (argv, options) => t.withTurns(run(argv, at(options))),
    begin: (argv, options) => begin(argv, at(options)),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}
