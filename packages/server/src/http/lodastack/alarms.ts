/**
 * Alarms. Whoever evaluates them knows one by its `version`, which says where it is and what it is:
 * it takes up what has another version than before, and drops what it misses. So versions are told
 * from what an alarm is now, and never kept: a rename of its namespace, a move or a copy of a
 * template gives it another.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { invalidArgument } from '@rollcall/protocol'
import type { Properties } from '../../catalog/index.ts'
import { ID } from './rows.ts'

export const ALARM = 'alarm'

/** The router's database of a namespace. */
const DATABASE = 'collect.'
const VERSION_SEPARATOR = '__'

const TRIGGERS: readonly string[] = ['threshold', 'relative', 'deadman']
const REQUIRED = [
  'name',
  'measurement',
  'period',
  'every',
  'trigger',
  'level',
  'alert',
  'func',
  'groups',
] as const
/** What a value is compared with; a deadman fires where there is none. */
const COMPARED = ['value', 'expression'] as const
const DEFAULTS: Properties = { blockstep: '5', maxblocktime: '60', rp: 'loda', enable: 'true' }

/** An alarm as it is kept. Throws `invalid_argument` where it lacks what every alarm has. */
export function asAlarm(given: Properties): Properties {
  const alarm = { ...withoutTold(given) }
  checkTrigger(alarm)
  const required = alarm['trigger'] === 'deadman' ? REQUIRED : [...REQUIRED, ...COMPARED]
  for (const field of required) if (isEmpty(alarm[field])) throw missing(field)
  for (const [field, value] of Object.entries(DEFAULTS)) {
    if (isEmpty(alarm[field])) alarm[field] = value
  }
  return alarm
}

/** What is to change in an alarm. Throws `invalid_argument` where it would lack something then. */
export function asAlarmUpdate(update: Properties): Properties {
  const change = withoutTold(update)
  checkTrigger(change)
  for (const field of REQUIRED) if (change[field] === '') throw missing(field)
  return change
}

/** A template of alarms, or what is to change in one: each copy has groups of its own. */
export function asAlarmTemplate(given: Properties): Properties {
  const template = withoutTold(given)
  return template['groups'] === undefined ? template : { ...template, groups: '' }
}

/** An alarm as it goes out, from the row that is kept in a namespace. */
export function shownAlarm(row: Properties, ns: string): Properties {
  const { [ID]: id = '', measurement = '', groups = '' } = row
  const alarm = {
    ...row,
    groups: groups === '' ? operatorsOf(ns) : groups,
    db: DATABASE + ns,
  }
  const md5 = digestOf(alarm)
  const version = [ns, measurement, id, md5].join(VERSION_SEPARATOR)
  return { ...alarm, md5, version }
}

/** The group that comes with each namespace, named root first: `loda.product.server-op`. */
function operatorsOf(ns: string): string {
  return `${ns.split('.').reverse().join('.')}-op`
}

/** The same for the same alarm, in whichever order it is kept. */
function digestOf(alarm: Properties): string {
  const sorted = Object.entries(alarm).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('md5').update(JSON.stringify(sorted)).digest('hex')
}

/** Whoever writes an alarm back has been told these. */
function withoutTold({ db: _db, md5: _md5, version: _version, ...own }: Properties): Properties {
  return own
}

function checkTrigger({ trigger = '' }: Properties): void {
  if (trigger === '' || TRIGGERS.includes(trigger)) return
  const message = `trigger must be one of ${TRIGGERS.join(', ')}.`
  throw invalidArgument(message, { field: 'trigger' })
}

function isEmpty(value: string | undefined): boolean {
  return value === undefined || value === ''
}

function missing(field: string): Error {
  return invalidArgument(`${field} is missing: every alarm has one.`, { field })
}
