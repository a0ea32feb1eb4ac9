/**
 * The text of `/proc/net/tcp` and `/proc/net/tcp6`, as listening sockets.
 *
 * An address is printed there as 32-bit words, each in the byte order of the machine, so
 * 127.0.0.1 reads `0100007F` on most of them; the port is plain hexadecimal.
 *
 * @module
 */

/** A TCP socket that waits for connections. */
export interface Listener {
  /** Where it is bound: `0.0.0.0` or `::` for every address; IPv6 in its shortest form. */
  readonly address: string
  readonly port: number
  /** Names the socket in the links of `/proc/<pid>/fd`. */
  readonly inode: string
}

/** Byte order of the machine that printed the text, as `os.endianness()` gives it. */
export type Endianness = 'LE' | 'BE'

// sl, local address:port, remote address:port, state (0A is LISTEN), queues, timer,
// retransmits, uid, timeout, inode; what follows differs between kernels.
const LISTENING =
  /^\s*\d+:\s([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})\s\S+\s0A\s\S+\s\S+\s\S+\s+\d+\s+\d+\s+(\d+)/

/** Reads the listening sockets, in the order of the text. Lines of another form are left out. */
export function parseListeners(text: string, endianness: Endianness = 'LE'): Listener[] {
  const listeners: Listener[] = []
  for (const line of text.split('\n')) {
    const [, address, port, inode] = LISTENING.exec(line) ?? []
    if (address === undefined || port === undefined || inode === undefined) continue
    // A socket without an inode belongs to no process any more.
    if (inode === '0') continue
    listeners.push({
      address: decodeAddress(address, endianness),
      port: Number.parseInt(port, 16),
      inode,
    })
  }
  return listeners
}

/**
 * Turns 8 (IPv4) or 32 (IPv6) hexadecimal digits into an address as people write it. An IPv4
 * address in IPv6 clothes (`::ffff:a.b.c.d`), which Java binds by habit, comes out as IPv4.
 */
export function decodeAddress(hex: string, endianness: Endianness = 'LE'): string {
  const bytes = Buffer.from(hex, 'hex')
  if (endianness === 'LE') bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  if (isMapped(bytes)) return bytes.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16))
  // A URL writes its host by RFC 5952, which saves us from doing that again.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

function isMapped(bytes: Buffer): boolean {
  return bytes.readUInt16BE(10) === 0xffff && bytes.subarray(0, 10).every((byte) => byte === 0)
}
