/**
 * `/resource`, read: lists and search.
 *
 * @module
 */

import { hasCode, invalidArgument } from '@rollcall/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type {
  Ending,
  Properties,
  ResourceCatalog,
  ResourcePlace,
  SearchMode,
  SearchQuery,
} from '../../catalog/index.ts'
import { Fields } from '../form-fields.ts'
import { whenGone } from '../when-gone.ts'
import { sendData, sendPieces } from './answers.ts'
import { shown } from './completed.ts'
import { nsOf, pathOf, placeOf, typeOf } from './ns.ts'

/** A list goes out page by page, so that a long one is never whole in memory. */
const PAGE = 1_000
/** Without one of these, a pattern finds what contains it. */
const PATTERN = /[\\^$.*+?()[\]{}|]/

/** Answers the resources of a namespace; of an inner one, those of all leaves below. */
export function listResources(
  catalog: ResourceCatalog,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const fields = new Fields(request)
  const place = placeOf(fields.text('ns'), fields.text('type'), catalog.namespaces)
  // What is wrong with the request shows with the first page, before anything is sent.
  return sendPieces(reply, listed(catalog, place, pageOf(catalog, place)))
}

function* listed(
  catalog: ResourceCatalog,
  place: ResourcePlace,
  first: ReturnType<typeof pageOf>,
): Iterable<string> {
  let separator = '['
  for (let page = first; ; page = pageOf(catalog, place, page.next)) {
    const rows = page.resources.map((resource) =>
      JSON.stringify(shown(place, resource, catalog.namespaces)),
    )
    if (rows.length > 0) {
      yield separator + rows.join(',')
      separator = ','
    }
    if (page.next === undefined) break
  }
  yield separator === '[' ? '[]' : ']'
}

function pageOf({ resources }: ResourceCatalog, place: ResourcePlace, after?: string) {
  return resources.list({ ...place, after, limit: PAGE })
}

/** Answers what is found, by the name of the namespace that has it. */
export async function searchResources(
  catalog: ResourceCatalog,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { namespaces } = catalog
  const fields = new Fields(request)
  const ns = pathOf(fields.text('ns'), namespaces)
  const { type, template } = typeOf(fields.text('type'))
  const value = fields.text('v')
  if (value === '') throw invalidArgument('v is missing.', { field: 'v' })
  const key = fields.text('k')
  // Leaves have no templates, and nothing else is searched.
  if (template) return sendData(reply, {})
  const ending = { aborted: false }
  const stop = whenGone(request.raw, reply.raw, () => {
    ending.aborted = true
  })
  try {
    const query = { type, ns, value, ...(key !== '' && { key }) }
    const modes = modesOf(fields.text('mod'), value)
    return sendData(reply, await found(catalog, { query, modes, ending }))
  } finally {
    stop()
  }
}

/** The documentation of `fuzzy` says that values contain the text, the code takes it for a pattern: either will do. */
function modesOf(mod: string, value: string): readonly SearchMode[] {
  if (mod !== 'fuzzy') return ['exact']
  return PATTERN.test(value) ? ['regex', 'contains'] : ['contains']
}

interface Searching {
  readonly query: Omit<SearchQuery, 'mode' | 'after' | 'limit'>
  /** Tried one after the other, until something is found. */
  readonly modes: readonly SearchMode[]
  readonly ending: Ending
}

async function found(
  catalog: ResourceCatalog,
  { query, modes, ending }: Searching,
): Promise<Readonly<Record<string, readonly Properties[]>>> {
  const byNs = new Map<string, Properties[]>()
  for (const mode of modes) {
    try {
      await collect(catalog, { ...query, mode, limit: PAGE }, { byNs, ending })
    } catch (error) {
      // No pattern, so it is meant as it stands.
      if (mode !== 'regex' || !hasCode(error, 'invalid_argument')) throw error
    }
    if (byNs.size > 0) break
  }
  return Object.fromEntries(byNs)
}

async function collect(
  { search, namespaces }: ResourceCatalog,
  query: SearchQuery,
  { byNs, ending }: { readonly byNs: Map<string, Properties[]>; readonly ending: Ending },
): Promise<void> {
  let after: string | undefined
  do {
    const page = await search({ ...query, after }, ending)
    for (const resource of page.hits) {
      const ns = nsOf(resource.ns, namespaces)
      const row = shown({}, resource, namespaces)
      const rows = byNs.get(ns)
      if (rows) rows.push(row)
      else byNs.set(ns, [row])
    }
    after = page.next
  } while (after !== undefined)
}
