/**
 * What can go wrong with a call of etcd, by what it means for the caller: each status and text of
 * its v3 API has one place here, and nobody else looks at them.
 *
 * @module
 */

import { status as STATUS, type ServiceError } from '@grpc/grpc-js'
import { RegistryError } from '@rollcall/protocol/errors'

export type FailureKind =
  /** No answer, or one that says nothing of what became of the request: it may have been done. */
  | 'no_answer'
  /** Refused by etcd before it was looked at: too much waits. */
  | 'busy'
  /**
   * The quota of the database is used up. etcd looks at it before a request and after: with this it
   * also answers the one that used it up, and did that.
   */
  | 'full'
  /** Too many bytes or operations for this etcd; nothing was done. */
  | 'too_large'
  | 'lease_missing'
  | 'lease_exists'
  | 'compacted'
  /** The token is unknown or too old: a new one may help. */
  | 'token_refused'
  /** The user, the certificate or the role does not do. */
  | 'denied'
  /** What no request of ours should ever be told. */
  | 'bug'

export class EtcdFailure extends Error {
  override readonly name = 'EtcdFailure'
  readonly kind: FailureKind

  constructor(kind: FailureKind, said: string, options: ErrorOptions = {}) {
    super(said, options)
    this.kind = kind
  }

  /** What whoever asked is told where nothing counts as done. A bug stays what it is. */
  refusal(): Error {
    return REFUSALS[this.kind]?.(this.message) ?? this
  }
}

const REFUSALS: Readonly<Partial<Record<FailureKind, (said: string) => RegistryError>>> = {
  no_answer: (said) => unavailable(`etcd does not answer (${said}); try again later.`, 'no_answer'),
  busy: () => unavailable('etcd has too much to do; try again later.', 'busy'),
  full: engineFull,
  too_large: (said) => {
    const message = `etcd takes no request that large (${said}); set its --max-request-bytes and --max-txn-ops to the defaults at least.`
    return new RegistryError('limit_exceeded', message, { details: { what: 'request of etcd' } })
  },
  compacted: () => new RegistryError('compacted', 'etcd has compacted that revision; read anew.'),
  token_refused: denied,
  denied,
}

/** Gives a failed call its meaning. */
export function failureOf(error: ServiceError): EtcdFailure {
  const said = error.details || error.message
  return new EtcdFailure(kindOf(error.code, said), said, { cause: error })
}

export function unavailable(message: string, reason: string): RegistryError {
  return new RegistryError('unavailable', message, { details: { reason } })
}

/** For what may have been done, or may be at any later time. */
export function outcomeUnknown(
  message = 'etcd did not answer, so it is not known whether this was done; look before you try again.',
): RegistryError {
  return new RegistryError('outcome_unknown', message)
}

export function shuttingDown(): RegistryError {
  return new RegistryError('shutting_down', 'The catalog is closing; ask another node.')
}

/** As an expected failure where it is one. */
export function asRefusal(error: unknown): unknown {
  return error instanceof EtcdFailure ? error.refusal() : error
}

function denied(said: string): RegistryError {
  return unavailable(`etcd refuses us (${said}); check its user and role.`, 'denied')
}

export function engineFull(): RegistryError {
  const message =
    "etcd's database has reached its quota; delete something, then compact and defragment it and disarm its alarm."
  return new RegistryError('engine_full', message)
}

function kindOf(code: number, said: string): FailureKind {
  const byText = BY_TEXT.get(code)
  if (!byText) return NO_ANSWER.has(code) ? 'no_answer' : 'bug'
  const found = byText.find(([text]) => said.includes(text))
  return found ? found[1] : 'bug'
}

const NO_ANSWER: ReadonlySet<number> = new Set([
  STATUS.UNAVAILABLE,
  STATUS.DEADLINE_EXCEEDED,
  STATUS.CANCELLED,
  STATUS.ABORTED,
  STATUS.UNKNOWN,
  STATUS.INTERNAL,
  STATUS.DATA_LOSS,
])

/** What etcd says with a status; the first that fits, and the empty text fits always. */
const BY_TEXT: ReadonlyMap<number, readonly (readonly [string, FailureKind])[]> = new Map([
  [
    STATUS.RESOURCE_EXHAUSTED,
    [
      ['space exceeded', 'full'],
      // gRPC's own refusal of a message.
      ['larger than max', 'too_large'],
      ['too many requests', 'busy'],
      // Such as a connection that is told to calm down, with the request on it.
      ['', 'no_answer'],
    ],
  ],
  [
    STATUS.INVALID_ARGUMENT,
    [
      ['too large', 'too_large'],
      ['too many operations', 'too_large'],
      ['auth store is old', 'token_refused'],
      ['auth', 'denied'],
      ['user name', 'denied'],
    ],
  ],
  [STATUS.NOT_FOUND, [['lease', 'lease_missing']]],
  [
    STATUS.FAILED_PRECONDITION,
    [
      ['lease already exists', 'lease_exists'],
      ['auth', 'denied'],
    ],
  ],
  [
    STATUS.OUT_OF_RANGE,
    [
      ['compacted', 'compacted'],
      ['', 'no_answer'],
    ],
  ],
  [STATUS.UNAUTHENTICATED, [['', 'token_refused']]],
  [STATUS.PERMISSION_DENIED, [['', 'denied']]],
])
