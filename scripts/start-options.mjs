// @ts-check
/**
 * What `npm start` hands to the server and to the agent.
 *
 * The options of `npm start -- …` are the server's, passed on as they are, but for secrets: any
 * user of the machine can read the arguments of a process, so those travel in the environment.
 *
 * @module
 */

// Option by option as `docs/reference` has them; each has a variable that means the same.
const SECRETS = new Map([
  ['--token', 'ROLLCALL_TOKEN'],
  ['--cluster-secret', 'ROLLCALL_CLUSTER_SECRET'],
  ['--etcd-user', 'ROLLCALL_ETCD_USER'],
])

// Where a node that says "all addresses" can be reached from its own machine.
const LOOPBACK_OF = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['[::]', '[::1]'],
])

/**
 * @typedef {NodeJS.ProcessEnv} Environment
 *
 * @typedef {object} StartOptions
 * @property {readonly string[]} serverArgs
 * @property {Environment} serverEnv
 * @property {Environment} agentEnv
 */

/**
 * Reads the arguments after `npm start --` and the environment.
 *
 * @param {readonly string[]} args
 * @param {Environment} env
 * @returns {StartOptions}
 */
export function readStartOptions(args, env) {
  const { rest, secrets } = takeSecrets(args)
  const common = { ...env, ROLLCALL_PARENT_PIPE: '1' }
  // The terminal belongs to the agent's table, so the server speaks up only when something is
  // wrong; unless somebody has said how much it shall say.
  const quiet = saysHowMuchToLog(rest, env) ? {} : { ROLLCALL_LOG_LEVEL: 'warn' }
  const token = secrets['ROLLCALL_TOKEN']
  return {
    serverArgs: rest,
    serverEnv: { ...common, ...quiet, ...secrets },
    agentEnv: token === undefined ? common : { ...common, ROLLCALL_TOKEN: token },
  }
}

/**
 * Returns the URL in a line by which the server tells its address, or undefined for other lines.
 *
 * @param {string} line
 * @returns {string | undefined}
 */
export function listeningUrl(line) {
  const [, announced] = /^listening on (https?:\/\/\S+)$/.exec(line.trim()) ?? []
  if (announced === undefined || !URL.canParse(announced)) return undefined
  const url = new URL(announced)
  url.hostname = LOOPBACK_OF.get(url.hostname) ?? url.hostname
  return url.origin
}

/** @param {readonly string[]} args */
function takeSecrets(args) {
  /** @type {string[]} */
  const rest = []
  /** @type {Record<string, string>} */
  const secrets = {}
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    const [option = '', ...inline] = arg.split('=')
    const variable = SECRETS.get(option)
    const value = inline.length > 0 ? inline.join('=') : args[at + 1]
    if (variable === undefined || value === undefined) {
      rest.push(arg) // a secret without its value stays: the server says what is wrong with it
      continue
    }
    secrets[variable] = value
    if (inline.length === 0) at += 1
  }
  return { rest, secrets }
}

/**
 * @param {readonly string[]} args
 * @param {Environment} env
 */
function saysHowMuchToLog(args, env) {
  const options = args.map((arg) => arg.split('=')[0])
  return (
    ['--log-level', '--config'].some((option) => options.includes(option)) ||
    ['ROLLCALL_LOG_LEVEL', 'ROLLCALL_CONFIG'].some((name) => env[name] !== undefined)
  )
}
