/**
 * The options of a catalog that is kept in an etcd.
 *
 * @module
 */

import { Type } from 'typebox'
import type { OptionNotes } from './field-notes.ts'

/** Members that anybody names; one would do, the others are asked when it fails. */
const ENDPOINTS_MAX = 16

export const ETCD_URL_FORM =
  'http://HOST:PORT, https://HOST:PORT or unix:/PATH, such as http://10.0.0.5:2379'

const PATH = { minLength: 1, maxLength: 4_096, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' }
const PATH_FORM = 'a path of at most 4096 characters, none of them a control character'

export const ETCD_FIELDS = {
  etcd: Type.Array(Type.String(), {
    default: [],
    maxItems: ENDPOINTS_MAX,
    ...notes({
      description:
        'Members of the etcd that keeps the catalog, in place of `engine`; several nodes share it. One is asked, and the next one when it fails. Users, if it has any, are `etcdUser`.',
      placeholder: 'URL,…',
      form: `a list, or a text with commas, of at most ${ENDPOINTS_MAX} addresses, each ${ETCD_URL_FORM}`,
      defaultText: 'none',
      changing: 'The node works with the catalog that is there, and takes nothing along.',
    }),
  }),
  etcdPrefix: Type.String({
    default: '/rollcall',
    minLength: 2,
    maxLength: 200,
    pattern: '^(/[A-Za-z0-9._-]+)+$',
    ...notes({
      description: 'Before every key in etcd, so that others may use the same one.',
      placeholder: 'PREFIX',
      form: 'one or more parts of A-Z a-z 0-9 . _ -, each with a slash before it, 200 characters in all',
      changing: 'The node works with the catalog below the new prefix; the old one stays.',
    }),
  }),
  etcdUser: Type.Optional(
    Type.String({
      minLength: 3,
      maxLength: 1_024,
      pattern: '^[!-9;-~]+:[!-~]+$',
      ...notes({
        description:
          'User of etcd and password, with a colon between. It needs a role that reads and writes the prefix. Prefer the file or the environment: a command line is visible to every user of the machine.',
        placeholder: 'NAME:PASSWORD',
        form: 'NAME:PASSWORD of at most 1024 visible ASCII characters without spaces, and not the mask ****',
        defaultText: 'none',
        changing: 'The node asks etcd as the new user from its next start on.',
        secret: true,
      }),
    }),
  ),
  etcdCa: file({
    description:
      'File with the certificates, as PEM, that those of an etcd under `https:` are signed by.',
    defaultText: 'those that Node trusts',
    changing: 'An etcd whose certificate is signed by none of them is not spoken to.',
  }),
  etcdCert: file({
    description:
      'File with the certificate, as PEM, that this node shows to etcd; needs `etcdKey`.',
    defaultText: 'none',
    changing: 'etcd knows the node by the new one from its next start on.',
  }),
  etcdKey: file({
    description: 'File with the private key, as PEM, of `etcdCert`.',
    defaultText: 'none',
    changing: 'It has to go with the certificate.',
  }),
}

function file(
  about: Pick<OptionNotes, 'description' | 'changing'> & { readonly defaultText: string },
) {
  return Type.Optional(
    Type.String({ ...PATH, ...notes({ ...about, placeholder: 'FILE', form: PATH_FORM }) }),
  )
}

/** Reads where a member of etcd listens, in one way of writing it; undefined for anything else. */
export function parseEtcdUrl(text: string): string | undefined {
  if (/^unix:\/[^\s]+$/.test(text)) return text
  if (!/^https?:\/\/[^/?#@\s]+\/?$/.test(text) || !URL.canParse(text)) return undefined
  const { protocol, hostname, port } = new URL(text)
  if (port === '' && !/:(80|443)\/?$/.test(text)) return undefined
  return `${protocol}//${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}

function notes(about: OptionNotes): OptionNotes {
  return about
}
