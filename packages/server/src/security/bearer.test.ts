import { hasCode } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { createAuthorize } from './bearer.ts'

const TOKEN = 'correct-horse'

function refusal(header: string | undefined, path = '/registry/v1/services'): string | undefined {
  try {
    createAuthorize(TOKEN)({ path, authorizationHeader: header })
    return undefined
  } catch (error) {
    if (!hasCode(error, 'unauthenticated')) throw error
    return error.message
  }
}

test.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN} `])('lets %j in', (header) => {
  expect(refusal(header)).toBeUndefined()
})

test.each([undefined, '', 'Bearer', 'Bearer ', TOKEN, `Basic ${TOKEN}`, `Bearer a ${TOKEN}`])(
  'says which header to send instead of %j',
  (header) => {
    expect(refusal(header)).toContain('Authorization: Bearer')
  },
)

test.each(['wrong', `${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()])(
  'refuses the token %j without telling any',
  (token) => {
    const message = refusal(`Bearer ${token}`)
    expect(message).toContain('not that of this node')
    expect(message).not.toContain(TOKEN)
    expect(message).not.toContain(` ${token} `)
  },
)

test('leaves the two health routes open', () => {
  expect(refusal(undefined, '/healthz')).toBeUndefined()
  expect(refusal('Bearer wrong', '/readyz')).toBeUndefined()
})

test.each(['/healthz/', '/healthz/../metrics', '/HEALTHZ', '//healthz', '/', '/metrics', ''])(
  'needs a token on %j',
  (path) => {
    expect(refusal(undefined, path)).toBeDefined()
  },
)

test('asks nobody for a token when the node has none', () => {
  const authorize = createAuthorize(undefined)
  expect(() => {
    authorize({ path: '/metrics', authorizationHeader: undefined })
  }).not.toThrow()
})
