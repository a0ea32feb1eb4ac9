/**
 * The whole command line: from arguments to an exit code.
 *
 * @module
 */

import { Command, CommanderError } from 'commander'
import { wantsJson } from './client-options.ts'
import { addAgent } from './commands/agent.ts'
import { addBackup } from './commands/backup.ts'
import { addCancel } from './commands/cancel.ts'
import { addExplain } from './commands/explain.ts'
import { addInstances } from './commands/instances.ts'
import { addKv } from './commands/kv.ts'
import { addLease } from './commands/lease.ts'
import { addMembers } from './commands/members.ts'
import { addNs } from './commands/ns.ts'
import { addProtection } from './commands/protection.ts'
import { addRegister } from './commands/register.ts'
import { addRestore } from './commands/restore.ts'
import { addResource } from './commands/resource.ts'
import { addSearch } from './commands/search.ts'
import { addServer, mayNameServer } from './commands/server.ts'
import { addServices } from './commands/services.ts'
import { addTxn } from './commands/txn.ts'
import { addWatch } from './commands/watch.ts'
import type { CommandContext, Context } from './context.ts'
import { EXIT, errorText, exitCodeOf } from './errors.ts'
import type { ServerModule } from './server-module.ts'

const OPTIONS_FOLLOW = 'Options follow the command.'

/** Runs one command line (without node and script) and answers the exit code. Never rejects. */
export async function runProgram(argv: readonly string[], context: Context): Promise<number> {
  let exitCode: number = EXIT.done
  const exitWith = (code: number) => {
    exitCode = code
  }
  try {
    const server = mayNameServer(argv) ? await context.loadServer() : undefined
    const program = buildProgram({ ...context, exitWith }, server)
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    const json = argv.includes('--json') || wantsJson(context.env)
    const text = errorText(optionsFirst(error, argv), { json })
    if (text !== undefined) context.io.err(text)
    return exitCodeOf(error)
  }
}

/** Whoever puts the options of a command before it hears where they belong. */
function optionsFirst(error: unknown, [first = '']: readonly string[]): unknown {
  const unknown = error instanceof CommanderError && error.code === 'commander.unknownOption'
  if (!unknown || !first.startsWith('-')) return error
  return new CommanderError(error.exitCode, error.code, `${error.message}. ${OPTIONS_FOLLOW}`)
}

function buildProgram(context: CommandContext, server: ServerModule | undefined): Command {
  const { io, version } = context
  const program = new Command('rollcall')
    .description('A registry for services and resources.')
    .version(version)
    // `register --version` is another version than ours.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        io.out(text.trimEnd())
      },
      writeErr: (text) => {
        io.err(text.trimEnd())
      },
      // Told where all errors are told.
      outputError: () => {},
    })
    .addHelpText(
      'after',
      `\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 not found. ${OPTIONS_FOLLOW}`,
    )
  addServer(program, context, server)
  addAgent(program, context)
  addRegister(program, context)
  addCancel(program, context)
  addServices(program, context)
  addInstances(program, context)
  addWatch(program, context)
  addExplain(program, context)
  addProtection(program, context)
  addMembers(program, context)
  addNs(program, context)
  addResource(program, context)
  addSearch(program, context)
  addKv(program, context)
  addTxn(program, context)
  addLease(program, context)
  addBackup(program, context)
  addRestore(program, context)
  return program
}
