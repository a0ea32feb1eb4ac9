// @ts-check
/**
 * A process that a script starts and later stops.
 *
 * Each gets a process group of its own (`detached`). In a shared one, Ctrl-C in the terminal would
 * reach every process at once: the server would be gone before the agent has cancelled what it
 * registered. With groups, only the script hears the terminal, and it decides the order. What the
 * script then owes: nothing stays behind when it ends, not even when it is killed and can do
 * nothing. For that, the stdin of each child is a pipe that only the script holds: it ends with
 * the script, and a child that is told so (`ROLLCALL_PARENT_PIPE`) ends with it.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { setInterval } from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from './run-step.mjs'

// The pipes of a dead child may be held open by a grandchild; its last words are worth this wait.
const LAST_WORDS_MS = 500
const PARENT_CHECK_EVERY_MS = 500

/**
 * @typedef {object} ChildEnd
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 *
 * @typedef {object} ChildOptions
 * @property {readonly string[]} args What Node runs, and its arguments.
 * @property {NodeJS.ProcessEnv} env
 * @property {'inherit' | 'pipe'} stdout
 * @property {'ignore' | 'pipe'} stdin
 *
 * @typedef {object} StopOptions
 * @property {number} graceMs How long it may take after SIGTERM until SIGKILL ends its group.
 * @property {'leader' | 'group'} to Who gets SIGTERM: the child, or all that it started as well.
 */

/** A Node process in a group of its own. */
export class Child {
  /**
   * Resolves once the process has ended and its output has been read; never rejects.
   *
   * @readonly @type {Promise<ChildEnd>}
   */
  ended
  /** @readonly @type {number} */
  #pid
  /** @readonly @type {import('node:child_process').ChildProcess} */
  #process

  /** @param {ChildOptions} options */
  constructor({ args, env, stdin, stdout }) {
    const started = spawn(process.execPath, args, {
      cwd: ROOT,
      env,
      detached: true,
      stdio: [stdin, stdout, 'inherit'],
    })
    if (started.pid === undefined) throw new Error(`Could not start node ${args.join(' ')}.`)
    this.#pid = started.pid
    this.#process = started
    this.ended = this.#end()
  }

  /** What it prints, where `stdout` is a pipe. */
  get stdout() {
    return this.#process.stdout
  }

  /**
   * Asks it to end, waits, and ends it by force when it does not.
   *
   * @param {StopOptions} options
   * @returns {Promise<ChildEnd & { forced: boolean }>}
   */
  async stop({ graceMs, to }) {
    if (this.#isRunning()) signal(to === 'group' ? -this.#pid : this.#pid, 'SIGTERM')
    const waiting = new AbortController()
    const late = sleep(graceMs, 'late', { signal: waiting.signal })
    const first = await Promise.race([this.ended, late])
    waiting.abort()
    if (first === 'late') this.killGroup()
    return { ...(await this.ended), forced: first === 'late' }
  }

  /** Ends at once whatever is left of its group. */
  killGroup() {
    signal(-this.#pid, 'SIGKILL')
  }

  #isRunning() {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** @returns {Promise<ChildEnd>} */
  async #end() {
    const closed = new Promise((resolve) => {
      this.#process.once('close', resolve)
    })
    /** @type {ChildEnd} */
    const end = await new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        resolve({ code, signal })
      })
    })
    await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })])
    return end
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It ended between our look and our signal, which is what we wanted.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/**
 * Says how a process ended, for a sentence.
 *
 * @param {ChildEnd} end
 */
export function describeEnd({ code, signal }) {
  return signal === null ? `exit code ${code}` : `signal ${signal}`
}

/**
 * Returns a signal that aborts when the script shall end: at the first SIGINT, SIGTERM or SIGHUP,
 * later ones do nothing; and when npm has started the script and is gone.
 */
export function stopRequests() {
  const stopping = new AbortController()
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // Stays for good: npm passes on the Ctrl-C that the terminal has already given us.
    process.on(name, () => {
      stopping.abort(name)
    })
  }
  if (process.env['npm_lifecycle_event'] !== undefined) {
    // Killed by force, npm passes nothing on; nor does the shell that it may put between us.
    const parent = process.ppid
    setInterval(() => {
      if (process.ppid !== parent) stopping.abort('the end of npm')
    }, PARENT_CHECK_EVERY_MS).unref()
  }
  return stopping.signal
}
