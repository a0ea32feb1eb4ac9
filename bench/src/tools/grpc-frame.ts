/**
 * The few messages of etcd's v3 API that are measured, as bytes: a gRPC frame around a
 * protobuf message. Field numbers are facts of that API.
 *
 * @module
 */

/** A compressed flag, then the length. */
const FRAME_HEADER_BYTES = 5
const VARINT = 0
const LENGTH_DELIMITED = 2

/** Field number to value: text and bytes are length-delimited, numbers and flags are varints. */
export type Message = Readonly<Record<number, string | Uint8Array | number | boolean>>

export const METHODS = {
  range: '/etcdserverpb.KV/Range',
  put: '/etcdserverpb.KV/Put',
  leaseGrant: '/etcdserverpb.Lease/LeaseGrant',
  leaseKeepAlive: '/etcdserverpb.Lease/LeaseKeepAlive',
  watch: '/etcdserverpb.Watch/Watch',
  status: '/etcdserverpb.Maintenance/Status',
} as const

/** A read of one key, or of all from `key` up to `rangeEnd`, from the node's own state. */
export function serializableRange(key: string, rangeEnd?: string): Message {
  return { 1: key, ...(rangeEnd !== undefined && { 2: rangeEnd }), 7: true }
}

/** A read of one key that sees every write that was confirmed before. */
export function linearizableRange(key: string): Message {
  return { 1: key }
}

/** The names of all keys from `key` up to `rangeEnd`, without what is in them. */
export function keysRange(key: string, rangeEnd: string): Message {
  return { 1: key, 2: rangeEnd, 8: true }
}

export function put(key: string, value: string | Uint8Array): Message {
  return { 1: key, 2: value }
}

/** Begins to watch all keys from `key` up to `rangeEnd`, from now on. */
export function watchFrom(key: string, rangeEnd: string): Message {
  return { 1: encode({ 1: key, 2: rangeEnd }) }
}

/** A new lease; etcd chooses its id where none is given. */
export function leaseGrant(ttlSeconds: number, id?: number): Message {
  return { 1: ttlSeconds, ...(id !== undefined && { 2: id }) }
}

export function leaseKeepAlive(id: number): Message {
  return { 1: id }
}

/** A message as it travels. */
export function grpcFrame(message: Message): Buffer {
  const body = encode(message)
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt32BE(body.length, 1)
  return Buffer.concat([header, body])
}

/** The messages of an answer, without their frames. Throws when the last is cut short. */
export function grpcMessages(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 1)
    if (end > bytes.length) throw new Error('A gRPC frame is cut short.')
    messages.push(bytes.subarray(at + FRAME_HEADER_BYTES, end))
    at = end
  }
  return messages
}

/** The revision in the header that every answer of etcd begins with. */
export function revisionOf(answer: Buffer): number {
  const header = fieldsOf(answer).get(1)
  const revision = Buffer.isBuffer(header) ? fieldsOf(header).get(3) : undefined
  if (typeof revision !== 'number') throw new Error('An answer of etcd has no revision.')
  return revision
}

/** Whether the member that answered a request for its status leads. */
export function isLeader(answer: Buffer): boolean {
  const fields = fieldsOf(answer)
  const header = fields.get(1)
  const own = Buffer.isBuffer(header) ? fieldsOf(header).get(2) : undefined
  return own !== undefined && own === fields.get(4)
}

/** How often the keys of an answer have been put since each was created, those alone that have `part` in their name. */
export function putsOf(answer: Buffer, part: string): number {
  let puts = 0
  for (const [number, value] of eachField(answer)) {
    if (number !== 2 || !Buffer.isBuffer(value)) continue
    const entry = fieldsOf(value)
    const [key, version] = [entry.get(1), entry.get(4)]
    if (Buffer.isBuffer(key) && key.includes(part)) puts += Number(version)
  }
  return puts
}

/** Encodes the fields in the order of their numbers. Numbers must be whole and not negative. */
export function encode(message: Message): Buffer {
  const parts = Object.entries(message).flatMap(([number, value]) => {
    const tag = Number(number) * 8
    if (typeof value === 'number') return [varint(tag + VARINT), varint(value)]
    if (typeof value === 'boolean') return [varint(tag + VARINT), varint(Number(value))]
    const bytes = Buffer.from(value)
    return [varint(tag + LENGTH_DELIMITED), varint(bytes.length), bytes]
  })
  return Buffer.concat(parts)
}

/** The last value of each field. */
export function fieldsOf(bytes: Buffer): ReadonlyMap<number, number | Buffer> {
  return new Map(eachField(bytes))
}

/** Each field in turn. Knows the two wire types that etcd uses. */
function* eachField(bytes: Buffer): Generator<readonly [number, number | Buffer]> {
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at)
    const value = readVarint(bytes, tag.end)
    const number = Math.floor(tag.value / 8)
    at = value.end
    if (tag.value % 8 === VARINT) yield [number, value.value]
    else if (tag.value % 8 === LENGTH_DELIMITED) {
      at += value.value
      yield [number, bytes.subarray(value.end, at)]
    } else throw new Error(`Field ${number} has a wire type that is not known here.`)
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  return Buffer.from([...bytes, rest])
}

/** Values over 2^53, as ids of members are, lose their last digits; two that differ stay so all but certainly. */
function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0
  let factor = 1
  for (let at = start; ; at += 1) {
    const byte = bytes[at]
    if (byte === undefined) throw new Error('A protobuf number is cut short.')
    value += (byte % 0x80) * factor
    if (byte < 0x80) return { value, end: at + 1 }
    factor *= 0x80
  }
}
