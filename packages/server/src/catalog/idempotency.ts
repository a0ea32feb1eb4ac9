/**
 * Requests that may be repeated. The record of a request is written in the same commit as what
 * it does, so there is never one without the other. What was answered is kept in it right after,
 * while the answer is on its way: who has it need not ask again, and who asks before it is kept is
 * answered from memory.
 *
 * The records lie under this node's id and no other node writes there. A write that does nothing
 * unless its compares hold looks for its record in the very commit that does it. Any other is
 * looked up first and then done, without a compare: one that fails would not say whether the
 * record was there or the caller's own condition did not hold, and a transaction does something
 * either way. The look-up is a commit, because commits of one node are in one order even when the
 * answer to an earlier one was lost.
 *
 * @module
 */

import { invalidArgument, limitExceeded, RegistryError } from '@rollcall/protocol/errors'
import type { Idempotency, Written } from './catalog.ts'
import type { CatalogCore } from './catalog-core.ts'
import type { Commit, CommitResult, KeyValue, Operation, OperationResult } from './engine.ts'
import { KeptAnswers, type AnsweredRecord } from './kept-answers.ts'
import { requestKey } from './key-schema.ts'
import { IDEMPOTENCY_LIMITS } from './limits.ts'
import { checkText } from './refusals.ts'
import { RequestLeases } from './request-leases.ts'

interface Record {
  readonly request: string
  /** Absent until it was kept. */
  readonly answer?: unknown
}

/** A request that was answered; `kept` resolves when a repetition need not be told from memory. */
interface Answered<Answer> {
  readonly answer: Answer
  readonly kept?: Promise<void> | undefined
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
  readonly #answers: KeptAnswers
  readonly #running = new Map<string, Running>()

  constructor(core: CatalogCore) {
    this.#core = core
    this.#leases = new RequestLeases(core.options)
    this.#answers = new KeptAnswers(core)
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
    return this.#joined(idempotency, async () => {
      const get: Operation = { kind: 'get', key: this.#keyOf(idempotency) }
      const { results } = await this.#core.commit({ compares: [], then: [get] })
      const found = entryOf(results[0])
      if (found) return this.#repeated(idempotency, found)
      return this.#marked(idempotency, async (mark) => {
        return this.#keep(mark, idempotency, await perform([mark]))
      })
    })
  }

  /**
   * As `once`, for a write of one commit that writes nothing when its compares do not hold. `tell`
   * makes the answer of the result, or throws; results that it did not ask for come last.
   */
  async commitOnce<Answer extends Written>(
    idempotency: Idempotency | undefined,
    commit: Commit,
    tell: (result: CommitResult) => Promise<Answer>,
  ): Promise<Answer> {
    if (!idempotency) return tell(await this.#core.commit(commit))
    return this.#joined(idempotency, () =>
      this.#marked(idempotency, async (mark) => {
        const { key } = mark
        const result = await this.#core.commit({
          compares: [...commit.compares, { kind: 'exists', key, exists: false }],
          then: [...commit.then, mark],
          otherwise: [...(commit.otherwise ?? []), { kind: 'get', key }],
        })
        const found = result.succeeded ? undefined : entryOf(result.results.at(-1))
        if (found) return this.#repeated(idempotency, found)
        return this.#keep(mark, idempotency, await tell(result))
      }),
    )
  }

  /** Resolves when the answers that were given are kept, or cannot be. */
  settled(): Promise<void> {
    return this.#answers.settled()
  }

  /** One with the same request where that is under way, or its answer is. */
  async #joined<Answer extends Written>(
    { key, request }: Idempotency,
    act: () => Promise<Answered<Answer>>,
  ): Promise<Answer> {
    checkIdempotencyKey(key)
    const running = this.#running.get(key)
    if (running) {
      if (running.request !== request) throw idempotencyConflict(key)
      return running.answer as Promise<Answer>
    }
    const done = act()
    const answer = done.then((answered) => answered.answer)
    this.#running.set(key, { request, answer })
    const forget = () => this.#running.delete(key)
    void done.then(async ({ kept }) => {
      await kept
      forget()
    }, forget)
    return answer
  }

  /** Does something with the record that is to be written beside it. */
  #marked<T>(idempotency: Idempotency, act: (mark: AnsweredRecord) => Promise<T>): Promise<T> {
    const { request } = idempotency
    const key = this.#keyOf(idempotency)
    return this.#leases.use((lease) => act({ kind: 'put', key, value: encode({ request }), lease }))
  }

  #keyOf({ key }: Idempotency): string {
    return requestKey(this.#core.options.node, key)
  }

  async #repeated<Answer extends Written>(
    { key, request }: Idempotency,
    { value, createRevision }: KeyValue,
  ): Promise<Answered<Answer>> {
    const record = decode(value)
    if (record.request !== request) throw idempotencyConflict(key)
    if (record.answer === undefined) {
      const message = `The request was done at revision ${createRevision}; how it was answered is lost.`
      const details = { revision: createRevision }
      throw new RegistryError('outcome_unknown', message, { details })
    }
    const answer = record.answer as Answer
    return { answer: { ...answer, isBehind: await this.#core.isBehind(answer.revision) } }
  }

  /** Has what was answered kept, unless that is too long, and does not wait for it. */
  #keep<Answer>(mark: AnsweredRecord, { request }: Idempotency, answer: Answer): Answered<Answer> {
    const value = encode({ request, answer })
    const isKept = value.length <= IDEMPOTENCY_LIMITS.answerBytes
    return { answer, kept: isKept ? this.#answers.keep({ ...mark, value }) : undefined }
  }
}

function entryOf(result: OperationResult | undefined): KeyValue | undefined {
  return result?.kind === 'got' ? result.entry : undefined
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
