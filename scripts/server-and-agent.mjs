// @ts-check
/**
 * A server and an agent beside it, as one thing: started in order, stopped in the other order,
 * and never one without the other.
 *
 * @module
 */
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child, describeEnd } from './child.mjs'
import { formatSeconds } from './run-step.mjs'
import { listeningUrl } from './start-options.mjs'

const READY_WITHIN_MS = 30_000
const ASK_EVERY_MS = 50
const ANSWER_WITHIN_MS = 2_000
const STOP_WITHIN_MS = 10_000

/**
 * @typedef {object} Program
 * @property {readonly string[]} args What Node runs, and its arguments.
 * @property {NodeJS.ProcessEnv} env
 *
 * @typedef {object} PairOptions
 * @property {Program} server Prints `listening on URL` once it listens.
 * @property {(url: string) => Program} agent
 * @property {AbortSignal} stop Ends both when it aborts.
 *
 * @typedef {{ kind: 'stop' }
 *   | { kind: 'late' }
 *   | { kind: 'ready', url: string }
 *   | { kind: 'server-ended', end: import('./child.mjs').ChildEnd }
 *   | { kind: 'agent-ended', end: import('./child.mjs').ChildEnd }} Outcome
 */

/**
 * Runs both until `stop` aborts or one of them ends. Returns the exit code: 0 after a clean stop;
 * a server that ends before it is ready has said why, and gives its own code.
 *
 * @param {PairOptions} options
 * @returns {Promise<number>}
 */
export async function runServerAndAgent({ server, agent, stop }) {
  const sinceMs = performance.now()
  const registry = new Child({ ...server, stdin: 'pipe', stdout: 'pipe' })
  const waiting = new AbortController()
  const readiness = new Readiness(registry)
  /** @type {Outcome} */
  const beginning = await Promise.race([
    readiness.reached(waiting.signal),
    ended(registry, /** @type {const} */ ('server-ended')),
    aborted(stop),
    late(READY_WITHIN_MS, waiting.signal),
  ])
  waiting.abort()

  if (beginning.kind === 'server-ended') {
    if (beginning.end.code === 0) return 0 // it was only asked to print something, as by --help
    complain(`The server ended before it was ready, with ${describeEnd(beginning.end)}.`)
    return beginning.end.code ?? 1
  }
  if (beginning.kind !== 'ready') {
    if (beginning.kind === 'late') {
      complain(`The server was not ready within ${READY_WITHIN_MS / 1000} s: ${readiness.last}`)
    }
    const isClean = await stopped('server', registry)
    return beginning.kind === 'stop' && isClean ? 0 : 1
  }
  const { url } = beginning
  console.log(`server: ready at ${url} in ${formatSeconds(performance.now() - sinceMs)}`)
  return runBeside(registry, { agent: agent(url), stop })
}

/**
 * @param {Child} registry
 * @param {{ agent: Program, stop: AbortSignal }} options
 */
async function runBeside(registry, { agent, stop }) {
  const observer = new Child({ ...agent, stdin: 'pipe', stdout: 'inherit' })
  /** @type {Outcome} */
  const ending = await Promise.race([
    aborted(stop),
    ended(registry, /** @type {const} */ ('server-ended')),
    ended(observer, /** @type {const} */ ('agent-ended')),
  ])
  // The agent first: it cancels at the server what it registered there.
  const isAgentClean = await stopped('agent', observer)
  const isServerClean = await stopped('server', registry)
  if (ending.kind === 'server-ended') {
    complain(`The server ended by itself, with ${describeEnd(ending.end)}; the agent is stopped.`)
  }
  if (ending.kind === 'agent-ended') {
    complain(`The agent ended by itself, with ${describeEnd(ending.end)}; the server is stopped.`)
  }
  return ending.kind === 'stop' && isAgentClean && isServerClean ? 0 : 1
}

/** Follows a server from its start until it is ready, and passes on what it prints. */
class Readiness {
  /** What stands between the server and being ready, for a sentence. */
  last = 'it has not said where it listens.'
  /** @readonly @type {Promise<string>} */
  #url

  /** @param {Child} server */
  constructor(server) {
    this.#url = new Promise((resolve) => {
      if (server.stdout === null) throw new Error('The stdout of the server must be a pipe.')
      createInterface({ input: server.stdout }).on('line', (line) => {
        console.log(line)
        const url = listeningUrl(line)
        if (url !== undefined) resolve(url)
      })
    })
  }

  /**
   * Resolves once `/readyz` answers 200. Only the address that this very server has told is asked:
   * at the configured one, another server may be answering already.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<Outcome>}
   */
  async reached(signal) {
    const url = await this.#url
    for (;;) {
      if (await this.#ask(new URL('/readyz', url), signal)) return { kind: 'ready', url }
      await sleep(ASK_EVERY_MS, undefined, { signal })
    }
  }

  /**
   * @param {URL} address
   * @param {AbortSignal} signal
   */
  async #ask(address, signal) {
    const either = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])
    try {
      const answer = await fetch(address, { signal: either })
      const body = await answer.text()
      this.last = `${address.href} answers ${answer.status} ${body}`
      return answer.status === 200
    } catch (error) {
      this.last = `${address.href} does not answer (${String(error)}).`
      return false
    }
  }
}

/**
 * @template {'server-ended' | 'agent-ended'} Kind
 * @param {Child} child
 * @param {Kind} kind
 */
async function ended(child, kind) {
  return { kind, end: await child.ended }
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<{ kind: 'stop' }>}
 */
function aborted(signal) {
  return new Promise((resolve) => {
    const stop = () => {
      resolve({ kind: 'stop' })
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/**
 * @param {number} afterMs
 * @param {AbortSignal} signal
 * @returns {Promise<{ kind: 'late' }>}
 */
async function late(afterMs, signal) {
  await sleep(afterMs, undefined, { signal })
  return { kind: 'late' }
}

/**
 * Stops a child and says whether it ended as asked: by itself with 0, or by our SIGTERM.
 *
 * @param {string} name
 * @param {Child} child
 */
async function stopped(name, child) {
  const end = await child.stop({ graceMs: STOP_WITHIN_MS, to: 'leader' })
  if (end.forced) complain(`The ${name} did not stop within ${STOP_WITHIN_MS / 1000} s; killed.`)
  return !end.forced && (end.code === 0 || end.signal === 'SIGTERM')
}

/** @param {string} sentence */
function complain(sentence) {
  process.stderr.write(`${sentence}\n`)
}
