/**
 * From the name of a process to the name of a service.
 *
 * The rule is the plain one: a service is called what its process is called, so that anybody
 * who sees `nginx` in `ps` or `ss` finds `nginx` in the registry. An interpreter is no
 * exception: `node server.js` is the service `node`. Which program it runs stands in the
 * metadata `command`, and the port in the id tells its instances apart; names guessed from
 * script paths would say `index`, `main` or `dist` more often than anything of use, and
 * would change when a file moves.
 *
 * @module
 */

import { LIMITS, RESERVED_PREFIX } from '@rollcall/protocol'

/** What a process is called when nothing of its name is legal. */
const UNNAMED = 'unnamed'

/** The kernel keeps 15 bytes of a process's name; longer ones come cut. */
const KERNEL_NAME_BYTES = 15

/** Node 22 and later name the process after its main thread, which names no program. */
const MAIN_THREAD = /(^|-)MainThread$/

/**
 * Reduces a text to the grammar of names: what is illegal becomes `-`, runs of `-` and of `.`
 * become one, and punctuation at either end goes. Always a legal name; doing it twice is the
 * same as once.
 */
export function toName(text: string, maxLength: number = LIMITS.nameMaxLength): string {
  const legal = text.replaceAll(/[^A-Za-z0-9._:/-]+/g, '-')
  const short = trim(legal.replaceAll(/-{2,}/g, '-').replaceAll(/\.{2,}/g, '.'))
  return trim(short.slice(0, maxLength)) || UNNAMED
}

/** As `toName`, and never under `infra.`, which belongs to the registry. */
export function serviceName(processName: string): string {
  const name = toName(processName)
  return name.startsWith(RESERVED_PREFIX)
    ? toName(name.replace(RESERVED_PREFIX, RESERVED_PREFIX.replace('.', '-')))
    : name
}

/**
 * Says what a process is called. That is the kernel's name for it, except where the kernel
 * cut it short or knows only a thread: then the program's file name out of the command line.
 */
export function processName(kernelName: string, program: string | undefined): string {
  // A process that writes over its command line puts options behind the name too.
  const fileName = program?.split(' ', 1)[0]?.split('/').at(-1)
  if (fileName === undefined || fileName === '') return kernelName
  if (MAIN_THREAD.test(kernelName)) return fileName
  const isCut = Buffer.byteLength(kernelName) >= KERNEL_NAME_BYTES
  return isCut && fileName.startsWith(kernelName) ? fileName : kernelName
}

function trim(text: string): string {
  return text.replace(/^[-./:]+/, '').replace(/[-./:]+$/, '')
}
