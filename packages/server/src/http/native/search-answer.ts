import type { SearchAnswer } from '@rollcall/protocol'
import type { SearchHit } from '../../catalog/index.ts'
import { JsonBytes } from '../json-bytes.ts'

/** As it is sent. */
export type Answer = Omit<SearchAnswer, 'hits'> & { readonly hits: readonly SearchHit[] }

const json = new JsonBytes()

/** The JSON of an answer, the same as `JSON.stringify` makes. */
export function encodeAnswer({ hits, next, tookMs, scanned }: Answer): Buffer {
  json.begin()
  json.raw('{"hits":[')
  let separator = ''
  for (const hit of hits) {
    json.raw(separator)
    encodeHit(hit)
    separator = ','
  }
  json.raw('],"next":')
  if (next === null) json.raw('null')
  else json.text(next)
  json.raw(`,"tookMs":${tookMs},"scanned":${scanned}}`)
  return json.take()
}

function encodeHit({ id, ns, type, properties, revision, matched }: SearchHit): void {
  json.raw('{"id":')
  json.text(id)
  json.raw(',"ns":')
  json.text(ns)
  json.raw(',"type":')
  json.text(type)
  json.raw(',"properties":{')
  let separator = ''
  for (const name of Object.keys(properties)) {
    json.raw(separator)
    json.text(name)
    json.raw(':')
    json.text(properties[name] as string)
    separator = ','
  }
  json.raw('},"revision":')
  json.raw(String(revision))
  json.raw(',"matched":[')
  separator = ''
  for (const name of matched) {
    json.raw(separator)
    json.text(name)
    separator = ','
  }
  json.raw(']}')
}
