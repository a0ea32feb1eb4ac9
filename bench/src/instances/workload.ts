/**
 * The instances that are registered: what each is called and what it says of itself. The same
 * for our own drivers and, as Lua, for wrk.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'

export interface Workload {
  /** Names of services begin with it. */
  readonly prefix: string
  /** Instances are dealt out to so many services in turn. */
  readonly services: number
  readonly ttlMs: number
  /** Says only where it listens: a small instance. */
  readonly isBare?: boolean
}

const VERSION = '1.4.2'
const REGION = 'eu-west-1'
const COMMIT = '9f8e7d6c5b4a'
const SHARDS = 512

/** The service of the `n`th instance. */
export function serviceOf({ prefix, services }: Workload, n: number): string {
  return `${prefix}-${n % services}`
}

export function idOf(n: number): string {
  return `i-${n}`
}

/** The path of the `n`th instance. */
export function pathOf(workload: Workload, n: number): string {
  return `${API_BASE}/services/${serviceOf(workload, n)}/instances/${idOf(n)}`
}

/** What the `n`th instance registers with, as JSON: an address, and three pairs of metadata unless bare. */
export function registrationOf({ ttlMs, isBare = false }: Workload, n: number): string {
  const address = `http://10.0.${Math.floor(n / 250) % 250}.${n % 250}:8080`
  const metadata = `{"region":"${REGION}","shard":"${n % SHARDS}","commit":"${COMMIT}"}`
  const more = isBare ? '' : `"version":"${VERSION}","metadata":${metadata},`
  return `{"addresses":["${address}"],${more}"ttlMs":${ttlMs}}`
}

/** A script for wrk that registers a new instance with each request, from the `first` on. */
export function registeringLua({ prefix, services, ttlMs }: Workload, first: number): string {
  return `
local n = ${first} - 1
local headers = { ["content-type"] = "application/json" }
function request()
  n = n + 1
  local path = "${API_BASE}/services/${prefix}-" .. (n % ${services}) .. "/instances/i-" .. n
  local body = '{"addresses":["http://10.0.' .. (math.floor(n / 250) % 250) .. "." .. (n % 250) ..
    ':8080"],"version":"${VERSION}","metadata":{"region":"${REGION}","shard":"' .. (n % ${SHARDS}) ..
    '","commit":"${COMMIT}"},"ttlMs":${ttlMs}}'
  return wrk.format("PUT", path, headers, body)
end
`
}

/** A script for wrk that renews one of `count` instances with each request, in turn. */
export function renewingLua({ prefix, services }: Workload, count: number): string {
  return `
local n = -1
function request()
  n = (n + 1) % ${count}
  local path = "${API_BASE}/services/${prefix}-" .. (n % ${services}) .. "/instances/i-" .. n
  return wrk.format("POST", path .. "/heartbeat")
end
`
}

/** The body that renews `size` instances from the `first` on, as JSON. */
export function batchOf(workload: Workload, first: number, size: number): string {
  const instances = Array.from({ length: size }, (_, at) => ({
    service: serviceOf(workload, first + at),
    id: idOf(first + at),
  }))
  return JSON.stringify({ instances })
}

/** A script for wrk that sends the lines of a file as renewals in bulk, in turn. */
export function batchesLua(file: string): string {
  return `
local bodies = {}
for line in io.lines(${JSON.stringify(file)}) do bodies[#bodies + 1] = line end
local headers = { ["content-type"] = "application/json" }
local n = 0
function request()
  n = n % #bodies + 1
  return wrk.format("POST", "${API_BASE}/heartbeats", headers, bodies[n])
end
`
}
