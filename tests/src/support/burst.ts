/**
 * A great many registrations over a few connections.
 *
 * @module
 */

import { API_BASE, type RegisterBody } from '@rollcall/protocol'
import { Pool } from 'undici'

const CONNECTIONS = 64

export interface Burst {
  readonly service: string
  readonly count: number
  readonly idOf: (n: number) => string
  readonly bodyOf: (n: number) => RegisterBody
}

/** Makes all registrations, 64 at a time. Rejects when one is refused. */
export async function registerMany(url: string, burst: Burst): Promise<void> {
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 })
  let next = 0
  const client = async () => {
    for (let n = next++; n < burst.count; n = next++) await registerOne(pool, burst, n)
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, client))
  } finally {
    await pool.destroy()
  }
}

async function registerOne(pool: Pool, { service, idOf, bodyOf }: Burst, n: number): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'PUT',
    path: `${API_BASE}/services/${service}/instances/${idOf(n)}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(bodyOf(n)),
  })
  const text = await body.text()
  if (statusCode >= 300) throw new Error(`PUT ${idOf(n)} was answered with ${statusCode}: ${text}`)
}
