/**
 * The keys that are written and read: what each is called and what is in it. The same for our
 * own drivers and, as Lua, for wrk.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'

/** Begins the name of every key. */
export const KEY_PREFIX = 'catalog/bench/entry-'
export const KEY_DIGITS = 12
export const VALUE_BYTES = 256
/** So many keys, over and over, where a scenario says nothing else. */
export const KEYS = 10_000
/** How a catalog is filled: transactions small enough not to hold up anybody. */
export const FILLING = { valueBytes: VALUE_BYTES, batch: 500, connections: 4 } as const

/** The name of the `n`th key, 32 bytes. */
export function keyOf(n: number): string {
  return KEY_PREFIX + String(n).padStart(KEY_DIGITS, '0')
}

/** The name of a key that is counted up. */
export function counterOf(at: number): string {
  return `catalog/counter-${at}`
}

/** The path of a key that has no bytes to be escaped. */
export function kvPath(key: string): string {
  return `${API_BASE}/kv/${key}`
}

const BYTES = 'application/octet-stream'

/** A script for wrk that puts a value of so many bytes under one of `keys` names, in turn. */
export function puttingLua(keys: number, valueBytes: number): string {
  return `
local n = -1
local value = string.rep("x", ${valueBytes})
local headers = { ["content-type"] = "${BYTES}" }
function request()
  n = (n + 1) % ${keys}
  local path = string.format("${kvPath(KEY_PREFIX)}%0${KEY_DIGITS}d", n)
  return wrk.format("PUT", path, headers, value)
end
`
}

/** A script for wrk that reads one of `keys` names, in turn; `query` is behind each. */
export function gettingLua(keys: number, query = ''): string {
  return `
local n = -1
function request()
  n = (n + 1) % ${keys}
  return wrk.format("GET", string.format("${kvPath(KEY_PREFIX)}%0${KEY_DIGITS}d", n) .. "${query}")
end
`
}

/** A script for wrk that keeps one of the leases of a file alive, a line each, in turn. */
export function keepingLua(file: string): string {
  return `
local paths = {}
for line in io.lines(${JSON.stringify(file)}) do
  paths[#paths + 1] = "${API_BASE}/leases/" .. line .. "/keepalive"
end
local n = 0
function request()
  n = n % #paths + 1
  return wrk.format("POST", paths[n])
end
`
}

/** The body that puts `size` keys from the `first` on in one transaction, as JSON. */
export function txnOf(first: number, size: number, valueBytes: number): string {
  const valueBase64 = Buffer.alloc(valueBytes, 'x').toString('base64')
  const then = Array.from({ length: size }, (_, at) => ({
    put: { key: keyOf(first + at), valueBase64 },
  }))
  return JSON.stringify({ then })
}

/** A script for wrk that keeps `batch` leases of a file alive with each request, in turn. */
export function keepingInBulkLua(file: string, batch: number): string {
  return `
local bodies = {}
local ids = {}
for line in io.lines(${JSON.stringify(file)}) do
  ids[#ids + 1] = line
  if #ids == ${batch} then
    bodies[#bodies + 1] = '{"ids":[' .. table.concat(ids, ",") .. "]}"
    ids = {}
  end
end
local headers = { ["content-type"] = "application/json" }
local n = 0
function request()
  n = n % #bodies + 1
  return wrk.format("POST", "${API_BASE}/leases/keepalive", headers, bodies[n])
end
`
}
