/**
 * The entry of the `rollcall` command: hands the process to the program, and its exit code back.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { EXIT } from './errors.ts'
import { openLifetime } from './lifetime.ts'
import { runProgram } from './program.ts'
import { readAll } from './read-all.ts'
import { relaySignals } from './relay-signals.ts'
import { loadServer } from './server-module.ts'
import { standardIo } from './standard-io.ts'

// The name under which this machine's agent registers us; it also keeps secrets given as
// options out of what other users see of a command line.
const argv = process.argv.slice(2)
process.title = 'rollcall'

const { outputGone, ...io } = standardIo({
  stdout: process.stdout,
  stderr: process.stderr,
  fail: ({ message }) => {
    process.stderr.write(`The output cannot be written (${message}).\n`)
    process.exit(EXIT.failed)
  },
})

process.exitCode = await runProgram(argv, {
  io,
  env: process.env,
  hostname: hostname(),
  version: ownVersion(),
  loadServer,
  readInput: (maxBytes) => readAll(process.stdin, maxBytes),
  relaySignals: (to) => relaySignals({ process, hasTerminal: process.stdin.isTTY, to }),
  openLifetime: () =>
    openLifetime({
      process,
      outputGone,
      parentPipe: process.env['ROLLCALL_PARENT_PIPE'] === '1' ? process.stdin : undefined,
      exitAtOnce: (code) => process.exit(code),
    }),
})

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
