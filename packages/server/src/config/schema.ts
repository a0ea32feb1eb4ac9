/**
 * The configuration of a node: one schema, from which parsing, `--help`, `config print` and
 * `docs/reference/config.md` follow. A new option is a new property here and nothing else.
 *
 * @module
 */

import { LIMITS, NAME_PATTERN } from '@rollcall/protocol'
import { Type, type Static, type TStringOptions } from 'typebox'
import type { OptionNotes } from './field-notes.ts'
import { LimitsSchema } from './limits-schema.ts'
import { LISTEN_ADDRESS_FORM, type ListenAddress } from './listen-address.ts'

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

const NAME = { minLength: 1, maxLength: LIMITS.nameMaxLength, pattern: NAME_PATTERN }
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
    token: Type.Optional(
      text(
        // What fits in a header as it is; a shell or a file would hide anything else.
        { minLength: 1, maxLength: 1_024, pattern: '^[!-~]+$' },
        {
          description:
            'Secret that clients send as `Authorization: Bearer SECRET` on every route but `/healthz` and `/readyz`. Prefer the file or the environment: a command line is visible to every user of the machine.',
          placeholder: 'SECRET',
          form: '1 to 1024 visible ASCII characters without spaces, and not the mask ****',
          defaultText: 'none',
          changing: 'Clients that send the old secret are refused with 401 `unauthenticated`.',
          secret: true,
        },
      ),
    ),
    insecure: Type.Boolean({
      default: false,
      ...notes({
        description: 'Allows listening off loopback without `token`.',
        changing: 'When true, whoever reaches the address may change the registry.',
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
    limits: LimitsSchema,
  },
  { additionalProperties: false },
)

/** The configuration as it is written: every value as a file or a flag holds it. */
export type Settings = Static<typeof ConfigSchema>

/** Limits of a node, by the names of `docs/reference/config.md`. */
export type ConfigLimits = Readonly<Settings['limits']>

/** The configuration as the node uses it. Frozen; only `node.ts` reads it and hands out values. */
export interface Config extends Readonly<Omit<Settings, 'http' | 'limits'>> {
  readonly http: ListenAddress
  readonly limits: ConfigLimits
}

function text(constraints: TStringOptions, about: OptionNotes) {
  return Type.String({ ...constraints, ...about })
}

/** Holds literal notes to their type. */
function notes(about: OptionNotes): OptionNotes {
  return about
}
