/**
 * Surveys of machines that do not exist, for tests.
 *
 * @module
 */

import type { MachineFacts } from '../machine-facts.ts'
import type { Survey } from '../registrations.ts'
import type { ListeningSocket } from '../socket-scanner.ts'

/** A machine with one card for both families. */
export const MACHINE: MachineFacts = {
  hostname: 'box',
  addresses: ['192.0.2.5', '2001:db8::5'],
  cores: 4,
  memoryBytes: 8 * 2 ** 30,
  os: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0',
  arch: 'x64',
}

/** A socket on a port; by default `api`, pid 100, on all IPv4 addresses. */
export function socketOn(
  port: number,
  { address = '0.0.0.0', ...facts }: Partial<ListeningSocket['process'] & { address: string }> = {},
): ListeningSocket {
  const process = { pid: 100, name: 'api', command: '/opt/api -v', user: 'www', ...facts }
  return { address, port, inode: `${process.pid}${port}`, process }
}

/** What one look found. */
export function surveyOf(sockets: readonly ListeningSocket[], withoutProcess = 0): Survey {
  return { machine: MACHINE, scan: { sockets, withoutProcess, readable: true } }
}
