/**
 * The resources that are written and searched: where each is and what is in it. The same for our
 * own drivers and, as Lua, for wrk.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'

/** Known to every registry, with `name` as its key. */
export const TYPE = 'deploy'
/** The namespace of all that the bench makes. */
export const TOP = 'bench'
/** So many leaves below it. */
export const LEAVES = 100
/** How a catalog is filled: batches small enough for a request of a megabyte. */
export const FILLING = { batch: 2_000, connections: 4 } as const
/** Most that one batch may do. */
export const BATCH_MAX = 4_000
/** Most that one move may take along, nearly: each is taken away and put there. */
export const MOVE_MAX = 2_000

/** One of them in each. */
export const SYSTEMS = ['debian', 'ubuntu', 'rocky', 'suse', 'windows']
const TEAMS = 50
const RACKS = 500

/** Name of the leaf at a number. */
export function leafName(at: number): string {
  return `leaf-${at}`
}

/** Path of the leaf at a number. */
export function leafPath(at: number): string {
  return `${TOP}/${leafName(at)}`
}

/** What is in the `n`th resource: three values of its own, three that it shares with others. */
export function propertiesOf(n: number): Readonly<Record<string, string>> {
  return {
    name: nameOf(n),
    ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
    sn: serialOf(n),
    os: SYSTEMS[n % SYSTEMS.length] ?? '',
    team: `team-${(n * 13) % TEAMS}`,
    rack: `rack-${n % RACKS}`,
  }
}

export function nameOf(n: number): string {
  return `web-${n}.rack-${n % RACKS}.dc.example.com`
}

/** Like a random one, in no order. */
export function serialOf(n: number): string {
  const stir = (factor: number) => (Math.imul(n + 1, factor) >>> 0).toString(16).padStart(8, '0')
  return `${stir(0x9e_37_79_b1)}-${stir(0x85_eb_ca_6b)}-${stir(0xc2_b2_ae_35)}`
}

/** The body that adds resources from the `first` on to one leaf, as one step. */
export function batchOf(first: number, count: number, ns: string): string {
  const ops = Array.from({ length: count }, (_, at) => ({
    add: { ns, properties: propertiesOf(first + at) },
  }))
  return JSON.stringify({ ops })
}

/** A small one, as many to a batch as may be. */
export function smallBatchOf(count: number, ns: string): string {
  const ops = Array.from({ length: count }, (_, at) => ({
    add: { ns, id: `small-${at}`, properties: { name: `small-${at}`, team: 'team-1' } },
  }))
  return JSON.stringify({ ops })
}

export function resourcesPath(suffix = ''): string {
  return `${API_BASE}/resources/${TYPE}${suffix}`
}

/** A script for wrk that adds resources to one leaf, each with a name of its own. */
export function addingLua(part: string, ns: string): string {
  return `
local n = 0
local headers = { ["content-type"] = "application/json" }
local path = "${resourcesPath()}?ns=${encodeURIComponent(ns)}"
function request()
  n = n + 1
  local body = string.format(
    '{"properties":{"name":"${part}-%d","ip":"10.0.0.1","sn":"sn-%d","os":"debian","team":"team-1","rack":"rack-1"}}', n, n)
  return wrk.format("POST", path, headers, body)
end
`
}
