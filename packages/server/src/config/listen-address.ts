/**
 * `HOST:PORT`, as people write where a node listens.
 *
 * @module
 */

import { isIPv4, isIPv6 } from 'node:net'

export interface ListenAddress {
  /** An IP address or a host name; an IPv6 address without its brackets. */
  readonly host: string
  /** 0 lets the machine choose. */
  readonly port: number
}

/** What `parseListenAddress` takes, said for people. */
export const LISTEN_ADDRESS_FORM =
  'HOST:PORT with a port from 0 to 65535 and an IPv6 address in brackets, such as 127.0.0.1:7070 or [::1]:7070'

const PORT_MAX = 65_535
const HOST_NAME_MAX_LENGTH = 253
const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/

/** Reads `HOST:PORT`; undefined when the text is not of that form. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const parts = /^(?:\[(?<v6>[^[\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)?.groups
  if (parts === undefined) return undefined
  const port = Number(parts['port'])
  if (port > PORT_MAX) return undefined
  const { v6, name } = parts
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : undefined
  if (name !== undefined && isHost(name)) return { host: name, port }
  return undefined
}

/** What `parsePeerAddress` takes, said for people. */
export const PEER_ADDRESS_FORM =
  'HOST:PORT with a port from 1 to 65535 and an IPv6 address in brackets, such as 10.0.0.5:7070'

/** Reads where another node listens, in one way of writing it; undefined when nobody can be there. */
export function parsePeerAddress(text: string): string | undefined {
  const address = parseListenAddress(text)
  return address === undefined || address.port === 0 ? undefined : formatListenAddress(address)
}

/** Writes an address so that `parseListenAddress` reads the same one. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function isHost(name: string): boolean {
  if (isIPv4(name)) return true
  if (name.length > HOST_NAME_MAX_LENGTH) return false
  const labels = name.split('.')
  // A last label of digits is a mistyped IPv4 address (`127.0.0.256`), which a resolver would look up.
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
}
