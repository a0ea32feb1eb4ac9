/**
 * Looking at processes and signalling them, each by its id.
 *
 * @module
 */

import { readFileSync, readdirSync } from 'node:fs'

/** Sends a signal. A process that ended a moment ago is none to worry about. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The letter of the system for what a process does, such as `T` for stopped; undefined when it is gone. */
export function stateOf(pid: number): string | undefined {
  return statOf(pid)?.state
}

/** Says whether a process runs. One that was killed and that nobody has asked about yet does not. */
export function runs(pid: number): boolean {
  return !['Z', 'X', undefined].includes(stateOf(pid))
}

/** All that a process has started, and what those have. */
export function descendantsOf(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    if (stat) parents.set(Number(name), stat.parent)
  }
  const below = (parent: number): number[] =>
    [...parents].flatMap(([child, its]) => (its === parent ? [child, ...below(child)] : []))
  return below(pid)
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined // it has ended
  }
  // The name of the program, in brackets, may hold anything.
  const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state, parent: Number(parent) }
}
