/**
 * `docs/reference/config.md`, written from the table of fields.
 *
 * @module
 */

import { CONFIG_FILE_OPTION, describeFields, type ConfigField } from './fields.ts'

const INTRODUCTION = `# Configuration

<!-- Written by \`npm run docs\` from packages/server/src/config; edit it there. -->

A node reads its options from four places. A later one wins over an earlier one:

1. the defaults below,
2. the file that \`${CONFIG_FILE_OPTION.flagName} ${CONFIG_FILE_OPTION.placeholder}\` or \`${CONFIG_FILE_OPTION.envName}\` names, as YAML or JSON,
3. the environment,
4. flags of \`rollcall server\`.

An unknown key, variable or flag is an error, and so is an empty value. All problems are reported at once, those of
a file with line and column. In the environment, switches are \`true\`, \`false\`, \`1\` or \`0\`, numbers are digits, and lists have commas.
Variables that Kubernetes sets for a service named \`rollcall\` (\`ROLLCALL_SERVICE_HOST\`, \`ROLLCALL_PORT\` and their kin) are ignored.

\`rollcall config print\` shows every value with its origin, secrets masked. What it prints can be used as a file; secrets have to be put in again.

\`\`\`yaml
id: registry-1
http: 10.0.0.5:7070
peers: [10.0.0.6:7070, 10.0.0.7:7070]
clusterSecret: use-a-long-random-secret
token: use-another-long-random-secret
limits:
  instancesMax: 500000
\`\`\`
`

/** Renders the whole document. */
export function renderConfigReference(): string {
  const fields = describeFields()
  const options = fields.filter(({ flagName }) => flagName !== undefined)
  const machines = fields.filter(({ path }) => path[0] === 'machines')
  const limits = fields.filter(({ path }) => path[0] === 'limits')
  return [
    INTRODUCTION,
    '## Options\n',
    table(['key', 'flag', 'environment', 'default'], options.map(optionRow)),
    ...options.map(article),
    '## Machines\n',
    'How the catalog follows which machines are there. They have no flags.\n',
    table(['key', 'environment', 'default', 'unit'], machines.map(limitRow)),
    ...machines.map(article),
    '## Limits\n',
    'Limits have no flags. Each is a whole number.\n',
    table(['key', 'environment', 'default', 'unit'], limits.map(limitRow)),
    ...limits.map(article),
  ].join('\n')
}

function optionRow(field: ConfigField): string[] {
  return [code(field.key), code(flagOf(field)), code(field.envName), defaultOf(field)]
}

function limitRow(field: ConfigField): string[] {
  return [code(field.key), code(field.envName), defaultOf(field), field.unit ?? '']
}

function article(field: ConfigField): string {
  const lines = [`Must be ${asMarkdown(field.form)}.`]
  for (const [how, cost] of Object.entries(field.costs)) lines.push(`${capital(how)} it: ${cost}`)
  const items = lines.map((line) => `- ${line}`).join('\n')
  return `### ${code(field.key)}\n\n${field.description}\n\n${items}\n`
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n')
}

function flagOf({ flagName = '', placeholder }: ConfigField): string {
  return placeholder === undefined ? flagName : `${flagName} ${placeholder}`
}

function defaultOf({ defaultValue, defaultText }: ConfigField): string {
  return typeof defaultValue === 'string' ? code(defaultText) : defaultText
}

/** Stars and underscores of a form are meant as they are. */
function asMarkdown(text: string): string {
  return text.replaceAll(/[*_]/g, String.raw`\$&`)
}

function code(text: string): string {
  return `\`${text}\``
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
