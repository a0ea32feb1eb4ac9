/**
 * Keys with one writer each: puts, deletes and reads. The writer knows what its key has to be.
 *
 * @module
 */

import { Client } from './client.ts'
import { acknowledge, below, kvUrl, PREFIX, unexpected, type Part, type Soaked } from './part.ts'
import { Register } from './register.ts'

const WRITERS = 12
const KEYS_EACH = 10
const SHARE_DELETES = 0.15
const SHARE_READS = 0.15
const SMALL_BYTES = 1_000
/** Now and then a value over many pages of the file. */
const SHARE_LARGE = 0.01
const LARGE_BYTES = 200_000

export class Puts implements Part {
  readonly #soaked: Soaked
  readonly #writers: readonly (readonly Own[])[]
  #written = 0

  constructor(soaked: Soaked) {
    this.#soaked = soaked
    this.#writers = Array.from({ length: WRITERS }, (_, writer) =>
      Array.from({ length: KEYS_EACH }, (_, at) => ({
        key: `${PREFIX}put/${writer}/${at}`,
        register: new Register(),
      })),
    )
  }

  async load(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#writers.map((own) => this.#write(own, signal)))
  }

  async check(): Promise<void> {
    const client = new Client(this.#soaked.url)
    for (const { key, register } of this.#writers.flat()) {
      const outcome = await client.ask({ method: 'GET', path: kvUrl(key) })
      const found = foundIn(outcome)
      if (!found) {
        unexpected(this.#soaked, `GET ${key}`, outcome)
        continue
      }
      this.#soaked.tally.count('keys looked at')
      if (!register.allows(found.value)) {
        const [is, was] = [shortOf(found.value), shortOf(register.confirmed)]
        this.#soaked.tally.surprise(`${key} is ${is}; acknowledged was ${was}`)
      }
      register.settle(found.value)
    }
    client.close()
  }

  async #write(own: readonly Own[], signal: AbortSignal): Promise<void> {
    const { random, url } = this.#soaked
    const client = new Client(url)
    while (!signal.aborted) {
      const one = own[below(own.length, random)]
      // What is in doubt may still happen: it is left alone until it was looked at.
      if (!one || one.register.isInDoubt) {
        if (own.every(({ register }) => register.isInDoubt)) break
        continue
      }
      const dice = random()
      if (dice < SHARE_DELETES) await this.#delete(client, one)
      else if (dice < SHARE_DELETES + SHARE_READS) await this.#read(client, one)
      else await this.#put(client, one)
    }
    client.close()
  }

  async #put(client: Client, { key, register }: Own): Promise<void> {
    const { random } = this.#soaked
    this.#written += 1
    const bytes = random() < SHARE_LARGE ? LARGE_BYTES : below(SMALL_BYTES, random)
    const value = `${this.#written}.${'x'.repeat(bytes)}`
    const outcome = await client.ask({ method: 'PUT', path: kvUrl(key), body: value })
    if (outcome.kind === 'unknown') register.doubt(value)
    else if (outcome.kind === 'answered' && outcome.status === 200) {
      register.confirm(value)
      acknowledge(this.#soaked, 'puts', outcome.head)
    } else if (outcome.kind === 'answered') unexpected(this.#soaked, `PUT ${key}`, outcome)
  }

  async #delete(client: Client, { key, register }: Own): Promise<void> {
    const outcome = await client.ask({ method: 'DELETE', path: kvUrl(key) })
    const isThere = register.confirmed !== undefined
    if (outcome.kind === 'unknown') register.doubt(undefined)
    else if (outcome.kind === 'answered' && outcome.status === 204 && isThere) {
      register.confirm(undefined)
      acknowledge(this.#soaked, 'deletes', outcome.head)
    } else if (outcome.kind === 'answered' && (outcome.status !== 404 || isThere)) {
      unexpected(this.#soaked, `DELETE ${key}`, outcome)
    }
  }

  /** A writer reads what it wrote. */
  async #read(client: Client, { key, register }: Own): Promise<void> {
    const outcome = await client.ask({ method: 'GET', path: kvUrl(key) })
    if (outcome.kind !== 'answered') return
    this.#soaked.tally.count('reads of own writes')
    const found = foundIn(outcome)
    if (found && found.value === register.confirmed) return
    const was = shortOf(register.confirmed)
    unexpected(this.#soaked, `GET ${key}, which was acknowledged as ${was},`, outcome)
  }
}

interface Own {
  readonly key: string
  readonly register: Register
}

/** The value, or that there is none; undefined when the answer is neither. */
function foundIn(
  outcome: Awaited<ReturnType<Client['ask']>>,
): { readonly value: string | undefined } | undefined {
  if (outcome.kind !== 'answered') return undefined
  if (outcome.status === 200) return { value: outcome.text }
  return outcome.status === 404 ? { value: undefined } : undefined
}

/** Its number and length say enough. */
function shortOf(value: string | undefined): string {
  return value === undefined ? 'absent' : `${value.slice(0, value.indexOf('.'))}/${value.length}`
}
