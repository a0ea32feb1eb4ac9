import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeAddress, parseListeners } from './proc-net.ts'

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 00000000e1b2f0aa 100 0 0 10 0
   1: 3500007F:0035 00000000:0000 0A 00000000:00000005 00:00000000 00000000   101        0 20011 1 0000000000000000 100 0 0 10 5
   2: 0F02000A:8AE2 0102000A:01BB 01 00000000:00000000 02:000006DC 00000000     0        0 40404 2 0000000000000000 20 4 30 10 -1
   3: 0100007F:1B9E 0100007F:C350 06 00000000:00000000 03:00000F1B 00000000     0        0 0 3 0000000000000000
  12: 0100007F:1B9E 00000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 0 1 0000000000000000 100 0 0 10 0
`

const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17001 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17002 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:22B8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 17003 1 0000000000000000 100 0 0 10 0
   3: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 17004 1 0000000000000000 100 0 0 10 0
`

test('reads what listens, and neither connections nor sockets without an inode', () => {
  expect(parseListeners(TCP)).toEqual([
    { address: '0.0.0.0', port: 8080, inode: '31337' },
    { address: '127.0.0.53', port: 53, inode: '20011' },
  ])
})

test('reads IPv6 in its shortest form, and IPv4 in IPv6 clothes as IPv4', () => {
  expect(parseListeners(TCP6)).toEqual([
    { address: '::', port: 22, inode: '17001' },
    { address: '::1', port: 631, inode: '17002' },
    { address: '127.0.0.1', port: 8888, inode: '17003' },
    { address: '2001:db8::1', port: 443, inode: '17004' },
  ])
})

test('leaves out lines of another form', () => {
  expect(parseListeners('')).toEqual([])
  expect(parseListeners('  sl  local_address\n\n   0: 0100007F:1B9E 0000')).toEqual([])
})

test('reads the tables of a big-endian machine', () => {
  expect(decodeAddress('7F000001', 'BE')).toBe('127.0.0.1')
  expect(decodeAddress('20010DB8000000000000000000000001', 'BE')).toBe('2001:db8::1')
})

const byte = fc.integer({ min: 0, max: 255 })
const endianness = fc.constantFrom('LE' as const, 'BE' as const)

test('any IPv4 address comes back out of the form in which the kernel prints it', () => {
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), endianness, (bytes, order) => {
      expect(decodeAddress(printed(bytes, order), order)).toBe(bytes.join('.'))
    }),
  )
})

test('any IPv6 address comes back out of the form in which the kernel prints it', () => {
  // Zeros are frequent, so that all forms of `::` occur.
  const sparse = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, byte)
  const bytes = fc.array(sparse, { minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(bytes, endianness, (address, order) => {
      const text = decodeAddress(printed(address, order), order)
      expect(text.includes(':') ? bytesOfIPv6(text) : bytesOfMapped(text)).toEqual(address)
    }),
  )
})

function printed(bytes: readonly number[], order: 'LE' | 'BE'): string {
  let hex = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4)
    if (order === 'LE') word.reverse()
    hex += Buffer.from(word).toString('hex').toUpperCase()
  }
  return hex
}

function bytesOfIPv6(text: string): number[] {
  const [head = '', tail] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const left = groups(head)
  const right = groups(tail ?? '')
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...gap, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

function bytesOfMapped(text: string): number[] {
  return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...text.split('.').map(Number)]
}
