/**
 * A transaction as it is written for the command: the JSON of the API, with text where that has
 * base64.
 *
 * @module
 */

import type { Txn, TxnCompare, TxnOperation } from '@rollcall/client'
import { invalidArgument } from '@rollcall/protocol'

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a transaction. Throws `invalid_argument` for what has another shape; whether its content
 * makes sense is for the registry to say.
 */
export function parseTxn(text: string): Txn {
  const txn = fieldsOf(parseJson(text), 'The transaction')
  const known = ['compares', 'then', 'otherwise']
  const unknown = Object.keys(txn).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw invalidArgument(`A transaction has ${known.join(', ')}, but no "${unknown}".`)
  }
  return {
    compares: listOf(txn, 'compares').map((item) => withValue(item) as unknown as TxnCompare),
    then: listOf(txn, 'then').map(operationOf),
    otherwise: listOf(txn, 'otherwise').map(operationOf),
  }
}

function operationOf(item: Fields): TxnOperation {
  if (!('put' in item)) return item as unknown as TxnOperation
  const put = withValue(fieldsOf(item['put'], 'What is put'))
  if (!('value' in put)) throw invalidArgument('What is put needs "value" or "valueBase64".')
  return { ...item, put } as unknown as TxnOperation
}

/** Turns `valueBase64` into bytes; `value` is text already. */
function withValue({ valueBase64, ...others }: Fields): Fields {
  if (valueBase64 === undefined) {
    const { value } = others
    if (value === undefined || typeof value === 'string') return others
    throw invalidArgument('"value" must be a text; bytes go into "valueBase64".')
  }
  if ('value' in others) throw invalidArgument('Give "value" or "valueBase64", not both.')
  return { ...others, value: bytesOf(valueBase64) }
}

function bytesOf(base64: unknown): Uint8Array {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined
  if (bytes && bytes.toString('base64') === base64) return bytes
  throw invalidArgument('"valueBase64" is not base64.')
}

function listOf(txn: Fields, name: string): readonly Fields[] {
  const list = txn[name] ?? []
  if (!Array.isArray(list)) throw invalidArgument(`"${name}" must be a list.`)
  return list.map((item) => fieldsOf(item, `Each of "${name}"`))
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw invalidArgument(`${what} must be an object.`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidArgument(`The transaction is not JSON: ${reason}.`)
  }
}
