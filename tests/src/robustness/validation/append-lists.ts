/**
 * Whether transactions over lists were done one after the other, in an order that keeps that of
 * time: strict serializability, judged as Elle does ("Elle: Inferring Isolation Anomalies from
 * Experimental Observations", 2020). A list says in which order its elements came, so it is known
 * which transaction came before which; that must not go in a circle.
 *
 * @module
 */

import { isKnown, type Call } from '../model/call.ts'
import type { ListOperation } from '../model/transaction.ts'
import { Precedence } from './precedence.ts'

type ListCall = Call<ListOperation>
type Lists = ReadonlyMap<string, readonly string[]>

/** Answers all that is wrong, in words. `last` is what the lists hold in the end. */
export function judgeAppends(calls: readonly ListCall[], last: Lists): readonly string[] {
  const problems = [...judgeElements(calls, last), ...judgeReads(calls, last)]
  if (problems.length > 0) return problems
  return judgeOrder(calls, last)
}

/** What was acknowledged is there, once, in each of its lists; the rest in all of them or in none. */
function judgeElements(calls: readonly ListCall[], last: Lists): readonly string[] {
  const problems: string[] = []
  const asked = new Set<string>()
  for (const { operation, returnedMs } of calls) {
    if (operation.kind !== 'append') continue
    const { element, lists } = operation
    const counts = lists.map((list) => countOf(last.get(list) ?? [], element))
    for (const list of lists) asked.add(`${list} ${element}`)
    const counted = `${element} is ${counts.join(', ')} times in ${lists.join(', ')}`
    if (returnedMs !== Infinity && counts.includes(0)) problems.push(`${counted}; acknowledged`)
    else if (new Set(counts).size > 1) problems.push(`${counted}; asked for as one`)
    else if (counts.some((count) => count > 1)) problems.push(counted)
  }
  for (const [list, elements] of last) {
    for (const element of elements) {
      if (!asked.has(`${list} ${element}`)) problems.push(`nobody appended ${element} to ${list}`)
    }
  }
  return problems
}

/** A list that was read is how the list began. */
function judgeReads(calls: readonly ListCall[], last: Lists): readonly string[] {
  const problems: string[] = []
  for (const { operation } of calls) {
    if (operation.kind !== 'read') continue
    for (const [list, found] of operation.found) {
      const begins = (last.get(list) ?? []).slice(0, found.length)
      if (begins.join() !== found.join()) {
        problems.push(`${list} was read as ${found.join()}, and began with ${begins.join()}`)
      }
    }
  }
  return problems
}

function judgeOrder(calls: readonly ListCall[], last: Lists): readonly string[] {
  const graph = new Precedence()
  const nodes = calls.map(() => graph.add())
  const nodeOf = new Map<string, number>()
  for (const [at, { operation }] of calls.entries()) {
    if (operation.kind === 'append') nodeOf.set(operation.element, nodes[at] ?? -1)
  }
  const orderAll = (elements: readonly (string | undefined)[]) => {
    for (const [at, element] of elements.entries()) {
      const [from, to] = [nodeOf.get(elements[at - 1] ?? ''), nodeOf.get(element ?? '')]
      if (from !== undefined && to !== undefined) graph.order(from, to)
    }
  }
  for (const elements of last.values()) orderAll(elements)
  for (const [at, { operation }] of calls.entries()) {
    if (operation.kind !== 'read') continue
    const reader = nodes[at] ?? -1
    for (const [list, found] of operation.found) {
      const seen = nodeOf.get(found.at(-1) ?? '')
      const unseen = nodeOf.get(last.get(list)?.[found.length] ?? '')
      if (seen !== undefined) graph.order(seen, reader)
      if (unseen !== undefined) graph.order(reader, unseen)
    }
  }
  orderByTime(calls, nodes, graph)
  const circle = graph.cycle().filter((node) => node < calls.length)
  if (circle.length === 0) return []
  const told = circle.map((node) => shown(calls[node]))
  return [`each came before the next, and the last before the first: ${told.join(' → ')}`]
}

/** A chain of moments: who was answered comes before the next moment, who was invoked after the last. */
function orderByTime(calls: readonly ListCall[], nodes: readonly number[], graph: Precedence) {
  const ends = [...calls.entries()].flatMap(([at, call]) => {
    const node = nodes[at] ?? -1
    const invoked = { ms: call.invokedMs, node, isAnswer: false }
    return isKnown(call) ? [invoked, { ms: call.returnedMs, node, isAnswer: true }] : [invoked]
  })
  ends.sort((left, right) => left.ms - right.ms || Number(left.isAnswer) - Number(right.isAnswer))
  let moment = graph.add()
  for (const { node, isAnswer } of ends) {
    if (!isAnswer) graph.order(moment, node)
    else {
      const next = graph.add()
      graph.order(moment, next)
      graph.order(node, next)
      moment = next
    }
  }
}

function countOf(elements: readonly string[], element: string): number {
  return elements.filter((one) => one === element).length
}

function shown(call: ListCall | undefined): string {
  if (!call) return 'nothing'
  const { operation, invokedMs, returnedMs } = call
  const when = `${Math.round(invokedMs)}–${Math.round(returnedMs)} ms`
  if (operation.kind === 'append') {
    return `append ${operation.element} to ${operation.lists.join(', ')} (${when})`
  }
  const found = [...operation.found].map(([list, { length }]) => `${length} of ${list}`)
  return `read ${found.join(', ')} (${when})`
}
