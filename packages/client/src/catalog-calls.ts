/**
 * What all calls of the catalog have in common: how fresh a read must be, and that a write whose
 * answer was lost is asked about again.
 *
 * @module
 */

import { HEADERS, RegistryError, hasCode } from '@rollcall/protocol'
import type { Random } from '@rollcall/runtime'
import type { Answer } from './answers.ts'
import type { Call, HttpTransport } from './http-transport.ts'
import { drawIdempotencyKey } from './idempotency-key.ts'
import { withQuery, type Query } from './paths.ts'

/** How fresh a read must be. */
export interface ReadOptions {
  /**
   * `view`, the default: what the node has, which is what it was told so far. `linearizable`: sees
   * every write that was answered anywhere before the call; `unavailable` without a majority.
   */
  readonly consistency?: 'view' | 'linearizable'
  /** A revision that must have been seen; the node waits for it, 5 s at most, else `unavailable`. */
  readonly minRevision?: number
  /** Breaks the call off; it then throws the signal's reason. */
  readonly signal?: AbortSignal
}

export interface WriteOptions {
  /**
   * Up to 64 characters; the same key within ten minutes is the same write. Default: drawn for
   * each call. Give one to repeat a write that threw `outcome_unknown`, also after a restart.
   */
  readonly idempotencyKey?: string
  /** Breaks the call off; it then throws the signal's reason, and may have been done. */
  readonly signal?: AbortSignal
}

export interface CatalogCallsOptions {
  readonly transport: HttpTransport
  readonly random: Random
}

/** Sends calls of the catalog. */
export class CatalogCalls {
  readonly #transport: HttpTransport
  readonly #random: Random

  constructor({ transport, random }: CatalogCallsOptions) {
    this.#transport = transport
    this.#random = random
  }

  read(path: string, options: ReadOptions, more: ReadMore = {}): Promise<Answer> {
    const { consistency, minRevision, signal } = options
    const { query = {}, ...rest } = more
    return this.#transport.call({
      method: 'GET',
      path: withQuery(path, { ...query, consistency }),
      ...(minRevision !== undefined && {
        headers: { [HEADERS.minRevision]: String(minRevision) },
      }),
      signal,
      ...rest,
    })
  }

  /**
   * Sends a write under a key, so that it is done once at most. Throws `outcome_unknown`, with the
   * key in its details, when a server may have done it and does not say.
   */
  async write(call: Omit<Call, 'headers' | 'signal'>, options: WriteOptions): Promise<Answer> {
    const { idempotencyKey = drawIdempotencyKey(this.#random), signal } = options
    const headers = { [HEADERS.idempotencyKey]: idempotencyKey }
    try {
      return await this.#transport.callOnce({ ...call, headers, signal })
    } catch (error) {
      if (!hasCode(error, 'outcome_unknown')) throw error
      const { message, cause, details } = error
      const known = { ...details, idempotencyKey }
      throw new RegistryError('outcome_unknown', message, { cause, details: known })
    }
  }

  /** Sends a call that needs no key, because to repeat it changes nothing. */
  repeatable(call: Call): Promise<Answer> {
    return this.#transport.call(call)
  }
}

export interface ReadMore extends Pick<Call, 'expects'> {
  readonly query?: Query
}

/** The revision that an answer tells of. Throws `internal` where it tells none. */
export function revisionOf(answer: Answer): number {
  return numberIn(answer, HEADERS.revision)
}

/** A number in a header that must be there. Throws `internal` where it is not. */
export function numberIn(answer: Answer, name: string): number {
  const text = answer.header(name) ?? ''
  if (/^\d+$/.test(text)) return Number(text)
  throw new RegistryError('internal', `The registry answered without ${name}.`)
}
