/**
 * From what was found on a machine to what the registry is told.
 *
 * @module
 */

import type { Registration } from '@rollcall/client'
import { LIMITS, MACHINE_SERVICE } from '@rollcall/protocol'
import type { MachineFacts } from './machine-facts.ts'
import { cutToBytes } from './plain-text.ts'
import { serviceName, toName } from './service-name.ts'
import type { ListeningSocket, SocketScan } from './socket-scanner.ts'

/** What one look at a machine found. */
export interface Survey {
  readonly machine: MachineFacts
  readonly scan: SocketScan
}

/**
 * A machine is there while its agent is; three missed renewals of the default are a fair
 * sign that it is not, and a restarted agent is back well before.
 */
export const MACHINE_TTL_MS = LIMITS.ttlDefaultMs

/**
 * A closed socket is cancelled by the agent within seconds. The ttl counts only when the
 * agent itself has died, and from then on nobody watches: pids and ports go stale soon.
 */
export const SOCKET_TTL_MS = 30_000

/** Lists in metadata hold so many items, which keeps all metadata below its limit. */
const LIST_MAX = 16
const TEXT_MAX_BYTES = 256

/** Room for `:` and a port behind the hostname in an id. */
const HOST_MAX_LENGTH = LIMITS.nameMaxLength - ':65535'.length

const ANY_IPV4 = '0.0.0.0'
const ANY_IPV6 = '::'

/** Makes the registrations of a survey: the machine first, then its services in order of port. */
export function registrationsOf({ machine, scan }: Survey): Registration[] {
  const groups = new Map<string, [ListeningSocket, ...ListeningSocket[]]>()
  for (const socket of scan.sockets) {
    const key = `${serviceName(socket.process.name)} ${socket.port}`
    const group = groups.get(key)
    if (group) group.push(socket)
    else groups.set(key, [socket])
  }
  return [ofMachine(machine), ...[...groups.values()].map((group) => ofSockets(machine, group))]
}

function ofMachine(machine: MachineFacts): Registration {
  const { hostname, addresses, cores, memoryBytes, os, kernel, arch } = machine
  return {
    service: MACHINE_SERVICE,
    id: toName(hostname, HOST_MAX_LENGTH),
    body: {
      // An address here names a port, and a machine has none; its hosts are in the metadata.
      addresses: [],
      hostname,
      status: 'up',
      tags: ['agent'],
      ttlMs: MACHINE_TTL_MS,
      metadata: {
        addresses: listed(addresses),
        cores: String(cores),
        memoryBytes: String(memoryBytes),
        os: cutToBytes(os, TEXT_MAX_BYTES),
        kernel: cutToBytes(kernel, TEXT_MAX_BYTES),
        arch,
      },
    },
  }
}

/**
 * One instance for all sockets of one service on one port: IPv4 and IPv6, several addresses,
 * or several processes that share a port. The process with the lowest pid speaks for them.
 */
function ofSockets(
  machine: MachineFacts,
  sockets: readonly [ListeningSocket, ...ListeningSocket[]],
): Registration {
  const { port } = sockets[0]
  const processes = sockets.map(({ process }) => process).sort((a, b) => a.pid - b.pid)
  const { name, command, user } = processes[0] ?? sockets[0].process
  const bound = sockets.map(({ address }) => address)
  const isLocal = bound.every((address) => isLoopback(address))
  return {
    service: serviceName(name),
    id: `${toName(machine.hostname, HOST_MAX_LENGTH)}:${port}`,
    body: {
      addresses: hostsOf(bound, machine.addresses).map((host) => tcpAddress(host, port)),
      hostname: machine.hostname,
      status: 'up',
      tags: isLocal ? ['agent', 'loopback'] : ['agent'],
      ttlMs: SOCKET_TTL_MS,
      metadata: {
        pid: listed(processes.map(({ pid }) => String(pid))),
        ...(command !== undefined && { command }),
        ...(user !== undefined && { user: cutToBytes(user, TEXT_MAX_BYTES) }),
        bind: listed(bound),
      },
    },
  }
}

/**
 * Where a socket is reached: its own address, or for one that takes every address those of
 * the machine. `::` takes IPv4 too, as it does by default; the kernel's table does not say.
 */
function hostsOf(bound: readonly string[], ofMachine: readonly string[]): string[] {
  const ipv4 = ofMachine.filter((address) => !address.includes(':'))
  const hosts = bound.flatMap((address) => {
    if (address === ANY_IPV6) return ofMachine
    if (address === ANY_IPV4) return ipv4.length > 0 ? ipv4 : ['127.0.0.1']
    return [address]
  })
  return [...new Set(hosts)].slice(0, LIMITS.addressesMax)
}

function tcpAddress(host: string, port: number): string {
  return host.includes(':') ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

function listed(items: readonly string[]): string {
  return [...new Set(items)].slice(0, LIST_MAX).join(',')
}
