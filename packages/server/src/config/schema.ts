/**
 * The configuration of a node: one schema, from which parsing, `--help`, `config print` and
 * `docs/reference/config.md` follow. A new option is a new property here and nothing else.
 *
 * @module
 */

import { LIMITS, NAME_PATTERN } from '@rollcall/protocol'
import { Type, type Static, type TStringOptions } from 'typebox'
import { ETCD_FIELDS } from './etcd-schema.ts'
import type { OptionNotes } from './field-notes.ts'
import { LimitsSchema } from './limits-schema.ts'
import { MachinesSchema } from './machines-schema.ts'
import { LISTEN_ADDRESS_FORM, PEER_ADDRESS_FORM, type ListenAddress } from './listen-address.ts'

/** What keeps the catalog of a node that is alone with it. */
export const ENGINES = ['lmdb', 'memory'] as const

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

const NAME = { minLength: 1, maxLength: LIMITS.nameMaxLength, pattern: NAME_PATTERN }
/** What fits in a header as it is; a shell or a file would hide anything else. */
const SECRET = { minLength: 1, maxLength: 1_024, pattern: '^[!-~]+$' }
const SECRET_FORM = '1 to 1024 visible ASCII characters without spaces, and not the mask ****'

/** Nodes that anybody names; those that they know are found through them. */
const PEERS_MAX = 64
const NAME_FORM = 'a name: 1 to 128 of A-Z a-z 0-9 . _ - : / without ".." or a slash in front'

export const ConfigSchema = Type.Object(
  {
    id: text(NAME, {
      description: 'Name of this node, different from that of every other node.',
      placeholder: 'NAME',
      form: NAME_FORM,
      defaultText: 'the name of the machine',
      changing: 'The cluster takes a node with another id for another node.',
    }),
    http: text(
      { default: '127.0.0.1:7070' },
      {
        description:
          'Where clients reach this node. Port 0 takes a free port and prints it. Anywhere but on loopback the node starts only with `token` or `insecure`. In a YAML file an address in brackets needs quotes.',
        placeholder: 'HOST:PORT',
        form: LISTEN_ADDRESS_FORM,
        changing: 'Clients have to be told the new address.',
      },
    ),
    data: text(
      // No control characters: the path ends up in log lines and on terminals.
      { default: './.rollcall', maxLength: 4_096, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' },
      {
        description:
          'Directory for what must survive a restart, relative to where the node was started.',
        placeholder: 'DIR',
        form: 'a path of at most 4096 characters, none of them a control character',
        changing: 'The node starts empty unless the old directory is moved along.',
      },
    ),
    env: text(
      { default: 'default', ...NAME },
      {
        description: 'Environment of requests that name none, such as `prod` or `staging`.',
        placeholder: 'ENV',
        form: NAME_FORM,
        changing:
          'Clients that name no env register and read in the new one, and no longer see the old one.',
      },
    ),
    zone: text(
      { default: 'default', ...NAME },
      {
        description: 'Zone in which this node stands, and that of instances that name none.',
        placeholder: 'ZONE',
        form: NAME_FORM,
        changing:
          'Instances that name no zone register as new ones in the new zone; the old ones lapse.',
      },
    ),
    peers: Type.Array(Type.String(), {
      default: [],
      maxItems: PEERS_MAX,
      ...notes({
        description:
          'Other nodes of the zone, by where they listen (`http`). Those that these know are found through them, and the node itself may be among them, so one list does for all. With peers the node first takes over what they hold, and starts alone when none has answered in 5 seconds.',
        placeholder: 'HOST:PORT,…',
        form: `a list, or a text with commas, of at most ${PEERS_MAX} addresses, each ${PEER_ADDRESS_FORM}`,
        defaultText: 'none',
        changing:
          'Decides only whom a node asks when it starts; members that it has met it keeps until they leave or are removed.',
      }),
    }),
    advertise: Type.Optional(
      text(
        {},
        {
          description:
            'Where other nodes and clients find this one, where that is not where it listens: behind a forwarded port, or when it listens on all interfaces.',
          placeholder: 'HOST:PORT',
          form: PEER_ADDRESS_FORM,
          defaultText: 'where it listens',
          changing: 'The others find the node under the new address once it has started.',
        },
      ),
    ),
    engine: Type.Enum([...ENGINES], {
      default: 'lmdb',
      ...notes({
        description:
          'What keeps the catalog (keys, leases): `lmdb` in the data directory, so that what was answered survives a crash of the machine, or `memory`, which ends with the process.',
        placeholder: 'ENGINE',
        changing:
          'The node starts with the catalog that the other engine holds, and takes nothing along.',
      }),
    }),
    ...ETCD_FIELDS,
    rootName: text(
      { default: 'root', minLength: 1, maxLength: 64, pattern: '^[a-z0-9-]+$' },
      {
        description:
          'Name of the root of all namespaces. It is in no path of the native API; clients of lodastack end every namespace with it, and expect `loda`.',
        placeholder: 'NAME',
        form: '1 to 64 of a-z 0-9 -',
        changing: 'Clients of lodastack have to write every namespace with the new name.',
      },
    ),
    clusterSecret: Type.Optional(
      text(SECRET, {
        description:
          'Secret that nodes show each other, the same on all of them; take a long random one. Off loopback a node with `peers` starts only with it or `insecure`. Prefer the file or the environment: a command line is visible to every user of the machine.',
        placeholder: 'SECRET',
        form: SECRET_FORM,
        defaultText: 'none',
        changing: 'Nodes with the old secret and nodes with the new one refuse each other.',
        secret: true,
      }),
    ),
    token: Type.Optional(
      text(SECRET, {
        description:
          'Secret that clients send as `Authorization: Bearer SECRET` on every route but `/healthz` and `/readyz`. Prefer the file or the environment: a command line is visible to every user of the machine.',
        placeholder: 'SECRET',
        form: SECRET_FORM,
        defaultText: 'none',
        changing: 'Clients that send the old secret are refused with 401 `unauthenticated`.',
        secret: true,
      }),
    ),
    insecure: Type.Boolean({
      default: false,
      ...notes({
        description: 'Allows listening off loopback without `token` or `clusterSecret`.',
        changing:
          'When true, whoever reaches the address may change the registry, and may join the cluster unless it has a secret.',
      }),
    }),
    logLevel: Type.Enum([...LOG_LEVELS], {
      default: 'info',
      ...notes({
        description: 'The least serious lines that are logged: `error`, `warn`, `info` or `debug`.',
        placeholder: 'LEVEL',
        changing: '`debug` costs time on busy nodes; `error` hides what the node worked around.',
      }),
    }),
    machines: MachinesSchema,
    limits: LimitsSchema,
  },
  { additionalProperties: false },
)

/** The configuration as it is written: every value as a file or a flag holds it. */
export type Settings = Static<typeof ConfigSchema>

/** Limits of a node, by the names of `docs/reference/config.md`. */
export type ConfigLimits = Readonly<Settings['limits']>

/** What becomes of machines, by the names of `docs/reference/config.md`. */
export type ConfigMachines = Readonly<Settings['machines']>

/** The configuration as the node uses it. Frozen; only `node.ts` reads it and hands out values. */
export interface Config extends Readonly<
  Omit<Settings, 'http' | 'peers' | 'etcd' | 'machines' | 'limits'>
> {
  readonly http: ListenAddress
  /** `host:port`, each once, an IPv6 host in brackets. */
  readonly peers: readonly string[]
  /** Each once; empty: the catalog is not in an etcd. */
  readonly etcd: readonly string[]
  readonly machines: ConfigMachines
  readonly limits: ConfigLimits
}

function text(constraints: TStringOptions, about: OptionNotes) {
  return Type.String({ ...constraints, ...about })
}

/** Holds literal notes to their type. */
function notes(about: OptionNotes): OptionNotes {
  return about
}
