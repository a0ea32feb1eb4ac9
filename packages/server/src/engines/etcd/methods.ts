/**
 * The calls of etcd that are used, each with its path and how its messages are written and read.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'

import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import { invariant } from '@rollcall/runtime'
import type {
  EtcdMember,
  Header,
  Int64,
  LeaseId,
  LeaseRenewed,
  LeaseState,
  LeaseTtl,
  MemberStatus,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from './messages.ts'

/** The same distance from the sources and from what is built of them. */
const PROTO = fileURLToPath(new URL('../../../proto/etcd.proto', import.meta.url))

/** One call: what goes and what comes. */
export interface Method<Request, Response> {
  readonly path: string
  readonly serialize: (request: Request) => Buffer
  readonly deserialize: (bytes: Buffer) => Response
}

const definition = loadSync(PROTO, { keepCase: true, longs: String, defaults: true })

export const METHODS = {
  range: method<RangeRequest, RangeResponse>('KV', 'Range'),
  txn: method<TxnRequest, TxnResponse>('KV', 'Txn'),
  watch: method<WatchRequest, WatchResponse>('Watch', 'Watch'),
  grant: method<LeaseId & { readonly TTL: number }, LeaseTtl>('Lease', 'LeaseGrant'),
  revoke: method<LeaseId, { readonly header: Header | null }>('Lease', 'LeaseRevoke'),
  keepAlive: method<LeaseId, LeaseRenewed>('Lease', 'LeaseKeepAlive'),
  timeToLive: method<{ readonly ID: Int64; readonly keys: boolean }, LeaseState>(
    'Lease',
    'LeaseTimeToLive',
  ),
  memberList: method<object, { readonly members: readonly EtcdMember[] }>('Cluster', 'MemberList'),
  status: method<object, MemberStatus>('Maintenance', 'Status'),
  authenticate: method<
    { readonly name: string; readonly password: string },
    { readonly token: string }
  >('Auth', 'Authenticate'),
} as const

/** Ids of leases have all bits; the reader of messages would round them where it finds no `long`. */
const ODD = '9007199254740993'
const { requestDeserialize } = find('Lease', 'LeaseRevoke')
invariant(
  (requestDeserialize(METHODS.revoke.serialize({ ID: ODD })) as LeaseId).ID === ODD,
  'the package "long" is there for protobufjs',
)

/** The types of its messages are those of `messages.ts`. */
function method<Request, Response>(service: string, name: string): Method<Request, Response> {
  const { path, requestSerialize, responseDeserialize } = find(service, name)
  return {
    path,
    serialize: (request) => requestSerialize(request as object),
    deserialize: (bytes) => responseDeserialize(bytes) as Response,
  }
}

function find(service: string, name: string): MethodDefinition<object, object> {
  const { [name]: found } = definition[`etcdserverpb.${service}`] as ServiceDefinition
  return found as MethodDefinition<object, object>
}
