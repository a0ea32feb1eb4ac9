/**
 * Requests that may be repeated. The record of a request is written in the same commit as what
 * it does, so there is never one without the other; what was answered is kept in it right after.
 *
 * The records lie under this node's id and no other node writes there. So a request is looked up
 * first and then done, without a compare: one that fails would not say whether the record was
 * there or the caller's own condition did not hold, and a transaction does something either way.
 * The look-up is a commit, because commits of one node are in one order even when the answer to
 * an earlier one was lost.
 *
 * @module
 */

import { invalidArgument, limitExceeded, RegistryError } from '@rollcall/protocol/errors'
import type { Idempotency, Written } from './catalog.ts'
import type { CatalogCore } from './catalog-core.ts'
import type { KeyValue, Operation } from './engine.ts'
import { requestKey } from './key-schema.ts'
import { IDEMPOTENCY_LIMITS } from './limits.ts'
import { checkText } from './refusals.ts'
import { RequestLeases } from './request-leases.ts'

interface Record {
  readonly request: string
  /** Absent until it was kept. */
  readonly answer?: unknown
}

interface Running {
  readonly request: string
  readonly answer: Promise<Written>
}

/** Does what the marks are to be committed with, and answers. */
export type Perform<Answer> = (marks: readonly Operation[]) => Promise<Answer>

export class IdempotentWrites {
  readonly #core: CatalogCore
  readonly #leases: RequestLeases
  readonly #running = new Map<string, Running>()

  constructor(core: CatalogCore) {
    this.#core = core
    this.#leases = new RequestLeases(core.options)
  }

  /**
   * Performs a write, or answers as it was answered the first time. Only what was done is
   * remembered: a write that was refused changed nothing and is judged anew.
   */
  async once<Answer extends Written>(
    idempotency: Idempotency | undefined,
    perform: Perform<Answer>,
  ): Promise<Answer> {
    if (!idempotency) return perform([])
    const { key, request } = idempotency
    checkIdempotencyKey(key)
    const running = this.#running.get(key)
    if (running) {
      if (running.request !== request) throw idempotencyConflict(key)
      return running.answer as Promise<Answer>
    }
    const answer = this.#first(idempotency, perform)
    this.#running.set(key, { request, answer })
    try {
      return await answer
    } finally {
      this.#running.delete(key)
    }
  }

  async #first<Answer extends Written>(
    { key, request }: Idempotency,
    perform: Perform<Answer>,
  ): Promise<Answer> {
    const stored = requestKey(this.#core.options.node, key)
    const { results } = await this.#core.commit({
      compares: [],
      then: [{ kind: 'get', key: stored }],
    })
    const [found] = results
    if (found?.kind === 'got' && found.entry) {
      return this.#repeat<Answer>({ key, request }, found.entry)
    }
    return this.#leases.use(async (lease) => {
      const mark: Operation = { kind: 'put', key: stored, value: encode({ request }), lease }
      const answer = await perform([mark])
      await this.#keep(mark, { request, answer })
      return answer
    })
  }

  async #repeat<Answer extends Written>(
    { key, request }: Idempotency,
    { value, createRevision }: KeyValue,
  ): Promise<Answer> {
    const record = decode(value)
    if (record.request !== request) throw idempotencyConflict(key)
    if (record.answer === undefined) {
      const message = `The request was done at revision ${createRevision}; how it was answered is lost.`
      const details = { revision: createRevision }
      throw new RegistryError('outcome_unknown', message, { details })
    }
    const answer = record.answer as Answer
    return { ...answer, isBehind: await this.#core.isBehind(answer.revision) }
  }

  /** What fails here fails the repetition, not the request: that one is done. */
  async #keep(mark: Operation & { readonly kind: 'put' }, record: Record): Promise<void> {
    const value = encode(record)
    if (value.length > IDEMPOTENCY_LIMITS.answerBytes) return
    const { key } = mark
    try {
      await this.#core.commit({
        compares: [{ kind: 'exists', key, exists: true }],
        then: [{ ...mark, value }],
      })
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      const { log } = this.#core.options
      log.warn({ code: error.code, reason: error.message }, 'an answer could not be kept')
    }
  }
}

function checkIdempotencyKey(key: string): void {
  const { keyCharacters } = IDEMPOTENCY_LIMITS
  if (key === '') throw invalidArgument('An Idempotency-Key has at least one character.')
  if (key.length > keyCharacters) {
    throw limitExceeded('idempotency key characters', keyCharacters, key.length)
  }
  checkText('idempotency key', key, keyCharacters * 4)
}

function idempotencyConflict(key: string): RegistryError {
  const message = `The Idempotency-Key "${key}" was used for another request; use a new one.`
  return new RegistryError('idempotency_conflict', message, { details: { key } })
}

/** Bytes have no JSON; they are rare enough here to be told by a name that no answer has. */
const BYTES = '$base64'

function encode(record: Record): Uint8Array {
  return Buffer.from(JSON.stringify(record, bytesByName))
}

/** A Buffer turns itself into JSON before anybody is asked about it, so it is looked up again. */
function bytesByName(this: unknown, name: string, value: unknown): unknown {
  const item = (this as { readonly [name: string]: unknown })[name]
  return item instanceof Uint8Array ? { [BYTES]: Buffer.from(item).toString('base64') } : value
}

function decode(value: Uint8Array): Record {
  const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  return JSON.parse(text, (_, item: unknown) =>
    typeof item === 'object' && item !== null && BYTES in item
      ? new Uint8Array(Buffer.from(String(item[BYTES]), 'base64'))
      : item,
  ) as Record
}
