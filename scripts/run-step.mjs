// @ts-check
/**
 * One step of a script, told in one line: what it does, and how long it took.
 *
 * The scripts beside this file run on a machine that has Node and npm and nothing else, before
 * anything is installed. So they are plain JavaScript, import nothing but Node, and are the one
 * place of the project that reads the machine's clock and prints by itself.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

// A failing install or compile may say a lot, and its reason is often in the first lines.
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024

/** A step that failed; everything there is to tell has been printed. */
export class StepFailure extends Error {
  /** @override */
  name = 'StepFailure'
}

/**
 * @typedef {object} Step
 * @property {string} name One word, opens the line.
 * @property {string} doing What happens, for the line that is shown meanwhile.
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} advice What to do when it fails.
 */

/**
 * Runs a step in the root of the checkout and prints its line. The command's own output is kept
 * back and shown only when it fails; then this throws `StepFailure`.
 *
 * @param {Step} step
 */
export function runStep({ name, doing, command, args, advice }) {
  const sinceMs = performance.now()
  process.stdout.write(`${name}: ${doing} …`)
  const run = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: OUTPUT_MAX_BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const took = formatSeconds(performance.now() - sinceMs)
  if (run.status === 0) {
    process.stdout.write(` done in ${took}\n`)
    return
  }
  process.stdout.write(` failed after ${took}\n`)
  const output = [run.stdout, run.stderr].filter((text) => Boolean(text)).join('')
  if (output !== '') process.stderr.write(output.endsWith('\n') ? output : `${output}\n`)
  const end = run.error?.message ?? `it ended with ${run.signal ?? `exit code ${run.status}`}`
  process.stderr.write(`${name}: "${[command, ...args].join(' ')}" failed: ${end}.\n${advice}\n`)
  throw new StepFailure(`${name} failed`)
}

/**
 * Prints a duration for people.
 *
 * @param {number} durationMs
 */
export function formatSeconds(durationMs) {
  return `${(durationMs / 1000).toFixed(1)} s`
}
