/**
 * What clients and operators tell the registry: register, renew, cancel, set.
 *
 * `replication=true` is how the original's nodes talk among themselves: whoever sends it tells
 * the others too. Such a request is done here and passed on to nobody, unless it is older than
 * what we hold, and then it changes nothing.
 *
 * @module
 */

import { hasCode, invalidArgument } from '@rollcall/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { InstancePlane, Patch, ShownInstance, Spreading } from '../../instances/index.ts'
import type { InstanceKey, ServiceKey } from '../../model/instance-key.ts'
import { contentTimeOf } from '../nanoseconds.ts'
import { envelope, send } from './answers.ts'
import { CONFLICT, NOT_FOUND, OK } from './codes.ts'
import { encodeNow, parseMetadata, parseStatus, readFacts, weightIn } from './instances.ts'
import { Parameters } from './parameters.ts'

const SET_MAX = 1_000
const schema = { hide: true }

/** An answer's code, and the instance that goes with it. */
interface Outcome {
  readonly code: number
  readonly shown?: ShownInstance | undefined
}

type Operation = (instances: InstancePlane, parameters: Parameters) => Outcome | Promise<Outcome>

const OPERATIONS: Readonly<Record<string, Operation>> = {
  '/register': register,
  '/renew': renew,
  '/cancel': cancel,
  '/set': set,
}

export function addWriteRoutes(app: FastifyInstance, instances: InstancePlane): void {
  for (const [path, operate] of Object.entries(OPERATIONS)) {
    app.post(path, { schema }, (request, reply) => answer(instances, { request, reply, operate }))
  }
}

async function answer(
  instances: InstancePlane,
  { request, reply, operate }: { request: FastifyRequest; reply: FastifyReply; operate: Operation },
): Promise<FastifyReply> {
  const { code, shown } = await operate(instances, new Parameters(request))
  const data = shown && encodeNow(instances, shown)
  return send(request, reply, { code, json: envelope(code, data) })
}

function register(instances: InstancePlane, parameters: Parameters): Outcome {
  const key = keyIn(parameters)
  const facts = readFacts(parameters)
  const newer = newerThan(instances, key, peerTime(parameters, 'dirty_timestamp'))
  if (newer) return newer
  instances.register({ ref: key, facts, ...spreadingOf(parameters) })
  return { code: OK }
}

/** A client's renewal says nothing of versions; that of a node does, and must name the very one that we hold. */
function renew(instances: InstancePlane, parameters: Parameters): Outcome {
  const key = keyIn(parameters)
  if (parameters.flag('replication')) {
    const { instance: shown } = instances.instance(key)
    const theirs = parameters.int64('dirty_timestamp')
    const ours = contentTimeOf(shown)
    if (theirs > ours) return { code: NOT_FOUND }
    if (theirs < ours) return { code: CONFLICT, shown }
  }
  instances.renew(key)
  return { code: OK, shown: instances.instance(key).instance }
}

async function cancel(instances: InstancePlane, parameters: Parameters): Promise<Outcome> {
  const key = keyIn(parameters)
  const newer = newerThan(instances, key, peerTime(parameters, 'latest_timestamp'))
  if (newer) return newer
  const spreading = spreadingOf(parameters)
  instances.cancel(key, undefined, spreading)
  if (spreading.local !== true) await instances.shipped(key)
  return { code: OK }
}

/** Sets some or none: everything is looked at before anything is changed. */
function set(instances: InstancePlane, parameters: Parameters): Outcome {
  const { env, zone, service } = placeIn(parameters)
  const ids = parameters.names('hostname', SET_MAX)
  const patches = readPatches(parameters, ids.length)
  const time = peerTime(parameters, 'set_timestamp')
  const keys = ids.map((id) => ({ env, zone, service, id }))
  const known = keys.map((key) => {
    const shown = lookUp(instances, key)
    if (shown) return shown
    throw invalidArgument(`There is no instance "${key.id}" to set.`, { field: 'hostname' })
  })
  const newer = known.find((shown) => time !== undefined && time < contentTimeOf(shown))
  if (newer) return { code: CONFLICT, shown: newer }
  known.forEach((shown, at) => {
    const ref = { env, zone, service, id: shown.id }
    instances.set(ref, overridden(shown, patches[at] ?? {}), spreadingOf(parameters))
  })
  return { code: OK }
}

/** One patch for each of `count` instances. Throws `invalid_argument` where the lists are of another length. */
function readPatches(parameters: Parameters, count: number): readonly Patch[] {
  const statuses = parameters.list('status').map(parseStatus)
  const metadata = parameters.texts('metadata').map(parseMetadata)
  checkLength('status', statuses.length, count)
  checkLength('metadata', metadata.length, count)
  return Array.from({ length: count }, (_, at): Patch => {
    const status = statuses[at]
    const pairs = metadata[at]
    const weight = pairs && weightIn(pairs)
    return {
      ...(status !== undefined && { statusOverride: status }),
      ...(pairs && { metadata: pairs }),
      ...(weight !== undefined && { weight }),
    }
  })
}

function checkLength(name: string, length: number, count: number): void {
  if (length === 0 || length === count) return
  throw invalidArgument(`${name} must be given for each hostname or for none.`, { field: name })
}

/** Setting what the client itself says lifts what was set before. */
function overridden({ record }: ShownInstance, patch: Patch): Patch {
  const isClients = patch.statusOverride === record.content.status
  return isClients ? { ...patch, statusOverride: null } : patch
}

/** A node of the original tells the others itself. */
function spreadingOf(parameters: Parameters): Spreading {
  return { local: parameters.flag('replication') }
}

/** The time that a node of the original gives for its version; undefined where a client asks. */
function peerTime(parameters: Parameters, name: string): bigint | undefined {
  const time = parameters.int64(name)
  return parameters.flag('replication') && time > 0n ? time : undefined
}

/** The refusal of a write that is older than what we hold, with what that is. */
function newerThan(
  instances: InstancePlane,
  key: InstanceKey,
  time: bigint | undefined,
): Outcome | undefined {
  const shown = time === undefined ? undefined : lookUp(instances, key)
  if (!shown || time === undefined || time >= contentTimeOf(shown)) return undefined
  return { code: CONFLICT, shown }
}

function lookUp(instances: InstancePlane, key: InstanceKey): ShownInstance | undefined {
  try {
    return instances.instance(key).instance
  } catch (error) {
    if (hasCode(error, 'instance_not_found')) return undefined
    throw error
  }
}

function keyIn(parameters: Parameters): InstanceKey {
  return { ...placeIn(parameters), id: parameters.name('hostname') }
}

function placeIn(parameters: Parameters): ServiceKey & { readonly zone: string } {
  return {
    env: parameters.name('env'),
    zone: parameters.name('zone'),
    service: parameters.name('appid'),
  }
}
