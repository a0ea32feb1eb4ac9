/**
 * What the agent knows of the machine it runs on.
 *
 * @module
 */

import { arch, availableParallelism, hostname, networkInterfaces, release, totalmem } from 'node:os'
import type { NetworkInterfaceInfo } from 'node:os'
import { oneLine } from './plain-text.ts'

/** A machine, as the registry will know it. */
export interface MachineFacts {
  readonly hostname: string
  /** Where others may reach it: IPv4 first; its loopback when it has nothing else. Never empty. */
  readonly addresses: readonly string[]
  readonly cores: number
  readonly memoryBytes: number
  /** For people, such as `Debian GNU/Linux 12 (bookworm)`. */
  readonly os: string
  readonly kernel: string
  readonly arch: string
}

const LOOPBACK = '127.0.0.1'

/** Reads the facts. They may change while the machine runs: addresses come and go. */
export function readMachineFacts(osRelease: string | undefined): MachineFacts {
  return {
    hostname: hostname(),
    addresses: reachableAddresses(Object.values(networkInterfaces()).flatMap((all) => all ?? [])),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: osName(osRelease ?? '') ?? process.platform,
    kernel: release(),
    arch: arch(),
  }
}

/**
 * Picks the addresses that another machine may use, IPv4 first, else in the order of the
 * system, which lists the first network card before bridges. Link-local IPv6 is left out: it
 * means nothing without the name of an interface of the one who calls.
 */
export function reachableAddresses(
  interfaces: readonly Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>[],
): string[] {
  const usable = interfaces.filter(({ address, internal }) => !internal && !isLinkLocal(address))
  const ofFamily = (wanted: string) =>
    usable.filter(({ family }) => family === wanted).map(({ address }) => address)
  const addresses = [...new Set([...ofFamily('IPv4'), ...ofFamily('IPv6')])]
  return addresses.length > 0 ? addresses : [LOOPBACK]
}

/** Reads the name for people out of the text of `/etc/os-release`. */
export function osName(osRelease: string): string | undefined {
  const value = /^PRETTY_NAME=(.*)$/m.exec(osRelease)?.[1]?.trim()
  // The file is shell: a value with blanks stands in quotes, with backslashes before some characters.
  const quoted = /^(["'])(.*)\1$/.exec(value ?? '')
  const name = oneLine(quoted?.[2]?.replaceAll(/\\(.)/g, '$1') ?? value ?? '')
  return name === '' ? undefined : name
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address)
}
