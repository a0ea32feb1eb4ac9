import { readFileSync } from 'node:fs'
import { RESYNC_REASONS, REMOVAL_REASONS, VERDICTS } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { NOT_A_CLUSTER } from '../testing/bad-catalog-rows.ts'
import { openWatch, operationsOf, setUpApp } from '../testing/index.ts'

const text = readFileSync(new URL('../../../../docs/reference/http.md', import.meta.url), 'utf8')

/** Routes that describe the others and so are not in the description. */
const UNDESCRIBED = ['GET /docs', 'GET /openapi.json']

interface Section {
  readonly operation: string
  readonly body: string
}

const sections = text
  .split(/^#{2,3} /m)
  .map((section): Section => {
    const [heading = '', ...lines] = section.split('\n')
    return { operation: heading.replaceAll('`', ''), body: lines.join('\n') }
  })
  .filter(({ operation }) => /^[A-Z]+ \//.test(operation))

test('docs/reference/http.md has every route of openapi.json, and none besides', async () => {
  await using t = await setUpApp()
  const described = operationsOf(t.app).map(({ name }) => name)
  const documented = sections.map(({ operation }) => operation)
  expect(documented.sort()).toEqual([...described, ...UNDESCRIBED].sort())
})

test('it names every parameter and every field of a body', async () => {
  await using t = await setUpApp()
  const shared = new Set(['zone', 'status', 'tag', 'version'])
  for (const { name, parameters = [], requestBody } of operationsOf(t.app)) {
    const body = sections.find(({ operation }) => operation === name)?.body ?? ''
    const schema = requestBody?.content['application/json']?.schema as
      { properties: Record<string, unknown> } | undefined
    const inQuery = parameters.filter((parameter) => parameter.in === 'query')
    const named = [
      ...inQuery.map((parameter) => parameter.name),
      ...Object.keys(schema?.properties ?? {}),
    ]
    for (const word of named) {
      // A watch refers to the filters of a service.
      if (name.endsWith('/watch') && shared.has(word)) continue
      expect([name, word, new RegExp(`\\b${word}\\b`).test(body)]).toEqual([name, word, true])
    }
  }
})

test('it knows every verdict and every reason', () => {
  for (const word of [...VERDICTS, ...REMOVAL_REASONS, ...RESYNC_REASONS]) {
    expect(text).toContain(`\`${word}\``)
  }
})

test('its examples work, each for the route above it', async () => {
  await using t = await setUpApp()
  const { port } = await t.listen()
  let lease = ''
  let backup = ''
  for (const { operation, body } of sections) {
    const command = /^```sh\n(curl .*)\n```$/m.exec(body)?.[1]
    expect([operation, command]).toEqual([operation, expect.any(String)])
    const { method, url, headers, data } = parseCurl((command ?? '').replace('$LEASE', lease))
    const pattern = operation.replace(/\{(key|path)\}/, '[^?]+').replaceAll(/\{\w+\}/g, '[^/?]+')
    expect(`${method} ${url}`).toMatch(new RegExp(`^${pattern}(\\?|$)`))
    if (operation.endsWith('/watch')) {
      await using watch = await openWatch(port, url.split('?')[1] ?? '')
      expect((await watch.next()).event).toBe('snapshot')
      continue
    }
    const answer = await t.ask(`${method} ${url}`, {
      headers,
      ...(data !== undefined && { body: data === '@backup.ndjson' ? backup : data }),
    })
    if (operation.endsWith(' /registry/v1/leases') && method === 'POST') {
      lease = String(answer.body['id'])
    }
    if (operation.endsWith('/backup')) backup = answer.text
    const isRefused = NOT_A_CLUSTER.has(operation)
    expect(`${operation} ${answer.status}`).toMatch(isRefused ? / 409$/ : / 20[014]$/)
  }
})

interface Curl {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly data: string | undefined
}

/** Reads the few options that the examples use. */
function parseCurl(command: string): Curl {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
  const after = (option: string) =>
    words.includes(option) ? words[words.indexOf(option) + 1] : undefined
  const [name, value] = (after('-H') ?? '').split(': ')
  const at = words.find((word) => word.startsWith('http://127.0.0.1:7070')) ?? ''
  return {
    method: after('-X') ?? 'GET',
    url: at.replace('http://127.0.0.1:7070', ''),
    headers: name && value ? { [name.toLowerCase()]: value } : {},
    data: after('-d') ?? after('--data-binary'),
  }
}
