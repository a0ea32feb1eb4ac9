/**
 * A command line as others may see it: one short line, with secrets masked.
 *
 * Every reader of the registry sees it, while on the machine itself perhaps only the owner
 * and root do. Masking is by form and errs towards too much: a masked file name costs
 * nothing. It cannot know a secret that looks like any other argument; such a program should
 * take it from a file or its environment, which the agent never reads.
 *
 * @module
 */

import { cutToBytes, oneLine } from './plain-text.ts'

/** Long enough for a path and some options; far below the limit for all metadata. */
export const COMMAND_MAX_BYTES = 512

// Arguments may be megabytes, and nobody's secret is this long.
const ARGUMENT_MAX_LENGTH = 16_384

const MASK = '***'

// What a name that holds a secret has in it. Runs of letters are bounded, here and below, so
// that no argument, however odd, takes more than linear time.
const PART = '[\\w.-]{0,64}'
const SECRET = '(?:token|secret|pass|pwd|key|credential|auth)'
const VALUE = `(?:"[^"]*"|'[^']*'|[^\\s&;,"'}]+)`

/** An option by itself, whose value is the next argument: `--token X`, `-passwd X`, `-pw X`. */
const OPTION = new RegExp(`^-{1,2}(?:${PART}${SECRET}${PART}|pw)$`, 'i')

/** A name with its value in one argument: `--token=X`, `API_KEY=X`, `/password:X`, a header. */
const PAIR = new RegExp(`^([-/]{0,2}${PART}${SECRET}${PART}\\s?[=:])[^]+$`, 'i')

/** The same within a longer argument: a query, JSON, a connection string, a shell script. */
const PAIR_WITHIN = new RegExp(`(${SECRET}${PART}["']?\\s?[=:]\\s?)${VALUE}`, 'gi')
const OPTION_WITHIN = new RegExp(`(\\s-{1,2}${PART}${SECRET}${PART}\\s)(?!--)${VALUE}`, 'gi')
const BEARER_WITHIN = /\b(bearer|basic)\s\S+/gi

/** One-letter options that carry a secret, for programs that listen or are often seen. */
const SHORT_OPTIONS: readonly (readonly [program: RegExp, option: string])[] = [
  [/^(mysql|mariadb)/, '-p'],
  [/^sshpass$/, '-p'],
  [/^redis-/, '-a'],
  [/^ss-?(local|server|manager|redir|tunnel)$/, '-k'],
  [/^(ttyd|gotty)$/, '-c'],
  [/^microsocks$/, '-P'],
  [/^frp[cs]$/, '-t'],
  [/^curl$/, '-u'],
]

/** Joins arguments into one line of at most 512 bytes, with what looks like a secret masked. */
export function commandText(args: readonly string[]): string {
  return cutToBytes(oneLine(maskArguments(args).join(' ')), COMMAND_MAX_BYTES)
}

function maskArguments(args: readonly string[]): string[] {
  const program = args[0]?.split('/').at(-1) ?? ''
  const short = SHORT_OPTIONS.find(([name]) => name.test(program))?.[1]
  const masked: string[] = []
  let roomBytes = COMMAND_MAX_BYTES
  let isValue = false
  for (const argument of args) {
    const shown: string =
      isValue && !argument.startsWith('--') ? MASK : maskArgument(argument, short)
    isValue = shown !== MASK && (argument === short || OPTION.test(argument))
    masked.push(shown)
    roomBytes -= shown.length + 1
    if (roomBytes < 0) break
  }
  return masked
}

function maskArgument(argument: string, short: string | undefined): string {
  if (short !== undefined && argument.startsWith(short) && argument !== short) return short + MASK
  const text = argument.slice(0, ARGUMENT_MAX_LENGTH)
  if (PAIR.test(text)) return text.replace(PAIR, `$1${MASK}`)
  return text
    .replaceAll(BEARER_WITHIN, `$1 ${MASK}`)
    .replaceAll(PAIR_WITHIN, `$1${MASK}`)
    .replaceAll(OPTION_WITHIN, `$1${MASK}`)
    .replaceAll(/\S+/g, maskUser)
}

/**
 * Masks who logs in, and with what: `scheme://user:password@host` and `user:password@host`.
 * Passwords hold slashes and at signs against all rules, so it reaches to the last `@`.
 */
function maskUser(word: string): string {
  const end = word.lastIndexOf('@')
  const scheme = word.indexOf('://')
  if (scheme >= 0 && scheme < end) return word.slice(0, scheme + 3) + MASK + word.slice(end)
  const colon = word.indexOf(':')
  if (colon < 0 || colon > end) return word
  const user =
    word
      .slice(0, colon)
      .split(/[/=,"']/)
      .at(-1) ?? ''
  return word.slice(0, colon - user.length) + MASK + word.slice(end)
}
