/**
 * The log of a node: JSON lines on stderr, written by pino behind the port of the runtime.
 *
 * @module
 */

import type { LogFields, Logger } from '@rollcall/runtime'
import { pino, stdSerializers, stdTimeFunctions } from 'pino'
import { FdSink, type LogSink } from './fd-sink.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface LogOptions {
  /** The least serious level that is written. */
  readonly level: LogLevel
  /** Facts of every line, such as the node's id. */
  readonly fields?: LogFields
  /** Standard error unless told. */
  readonly sink?: LogSink
}

const STDERR = 2

/** Names of fields that hold secrets, wherever they stand down to the third level. */
const SECRET_FIELDS = ['token', 'authorization', 'Authorization']
const REDACTED = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** Makes the log of a node. */
export function createLog({ level, fields = {}, sink = stderrSink() }: LogOptions): Logger {
  const log = pino(
    {
      level,
      base: fields,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      redact: { paths: REDACTED, censor: '****' },
    },
    sink,
  )
  return {
    error: (facts, message) => {
      log.error(facts, message)
    },
    warn: (facts, message) => {
      log.warn(facts, message)
    },
    info: (facts, message) => {
      log.info(facts, message)
    },
    debug: (facts, message) => {
      log.debug(facts, message)
    },
  }
}

function stderrSink(): LogSink {
  const sink = new FdSink({ fd: STDERR })
  process.on('exit', () => {
    sink.flushSync()
  })
  return sink
}
