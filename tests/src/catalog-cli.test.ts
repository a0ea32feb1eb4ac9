/**
 * What a user does with keys, transactions and leases by the command.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  GrantAnswer,
  KeepAliveAnswer,
  KvList,
  KvPutAnswer,
  LeaseList,
} from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { base64, CatalogClient } from './support/catalog-client.ts'
import type { Child } from './support/child.ts'
import { runCli, runCliJson, startCli } from './support/run-cli.ts'
import { startServer } from './support/spawn-server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const TTL_MS = 3_000
/** A lease has ended half a second after its time on a quiet machine. */
const ENDS_WITHIN_MS = 5 * 500

/** Says that it runs and under which lease, ends with 7 when it is told to, and never outlives its parent. */
const JOB = `
  const parent = process.ppid
  console.log('runs under ' + process.env.ROLLCALL_LEASE)
  process.on('SIGTERM', () => { console.log('was told'); process.exit(7) })
  setInterval(() => { if (process.ppid !== parent) process.exit(9) }, 50)`

test.concurrent(
  'keys are put, read, listed, watched and deleted',
  async () => {
    await using server = await startServer()
    const env = { ROLLCALL_SERVER: server.url }
    await using watch = startCli(['kv', 'watch', '--prefix', 'app/'], env)
    await watch.line('that it has begun', (line) => line.startsWith('* all at') || undefined)

    const put = await runCliJson<KvPutAnswer>(['kv', 'put', 'app/a', 'one'], env)
    expect(put).toMatchObject({ key: 'app/a', created: true })
    await watch.line('the put', (line) => line === `+ app/a ${put.modRevision} "one"` || undefined)
    expect(await runCli(['kv', 'get', 'app/a'], env)).toEqual({
      code: 0,
      stdout: 'one',
      stderr: '',
    })

    const ifRevision = (revision: number) => ['--if-revision', String(revision)]
    const lost = await runCli(['kv', 'put', 'app/a', 'two', ...ifRevision(0)], env)
    expect(lost.code).toBe(1)
    expect(lost.stderr).toContain('app/a')
    const won = await runCli(['kv', 'put', 'app/a', 'two', ...ifRevision(put.modRevision)], env)
    expect([won.code, won.stdout]).toEqual([0, expect.stringMatching(/^Changed app\/a at /)])
    const { entries } = await runCliJson<Pick<KvList, 'entries'>>(
      ['kv', 'list', '--prefix', 'app/', '--linearizable'],
      env,
    )
    expect(entries).toMatchObject([{ key: 'app/a', valueBase64: base64('two') }])
    expect((await runCli(['kv', 'list'], env)).stdout).toMatch(/^app\/a +3 +\d+ /m)

    expect((await runCli(['kv', 'delete', 'app/a'], env)).code).toBe(0)
    await watch.line('the delete', (line) => line.startsWith('- app/a ') || undefined)
    expect((await runCli(['kv', 'delete', 'app/a'], env)).code).toBe(3)
    expect((await runCli(['kv', 'get', 'app/a'], env)).code).toBe(3)
    expect((await watch.stop('SIGINT')).code).toBe(0)
    expect(watch.stderr).toEqual([])
  },
  120_000,
)

test.concurrent(
  'a transaction comes from a file, and the exit code says which way it went',
  async () => {
    await using server = await startServer()
    await using folder = await temporaryFolder()
    const env = { ROLLCALL_SERVER: server.url }
    const file = join(folder.path, 'txn.json')
    const txn = {
      compares: [{ key: 'lock', exists: false }],
      then: [{ put: { key: 'lock', value: 'mine' } }],
      otherwise: [{ get: { key: 'lock' } }],
    }
    await writeFile(file, JSON.stringify(txn))
    const first = await runCli(['txn', '--file', file], env)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^Succeeded, at revision \d+\.\nput \d+$/)
    const second = await runCli(['txn', '--file', file], env)
    expect(second).toMatchObject({ code: 1, stderr: '' })
    expect(second.stdout).toMatch(/^Not done.*\ngot \d+ "mine"$/)
  },
  60_000,
)

test.concurrent(
  'a lease is granted, shown, renewed and revoked',
  async () => {
    await using server = await startServer()
    const env = { ROLLCALL_SERVER: server.url }
    const grant = await runCli(['lease', 'grant', '--ttl', '1m', '--name', 'job'], env)
    expect(grant.stdout).toMatch(/^[1-9]\d*$/)
    const id = grant.stdout
    expect((await runCli(['kv', 'put', 'a', 'b', '--lease', id], env)).code).toBe(0)
    const { leases } = await runCliJson<Pick<LeaseList, 'leases'>>(['lease', 'list'], env)
    expect(leases).toMatchObject([{ id: Number(id), name: 'job', ttlMs: 60_000, state: 'ALIVE' }])
    expect((await runCli(['lease', 'get', id], env)).stdout).toMatch(/"job".* of 1 m left\.\na$/)
    const kept = await runCliJson<KeepAliveAnswer>(['lease', 'keepalive', id], env)
    expect(kept).toEqual({ renewed: [{ id: Number(id), ttlMs: 60_000 }], missing: [] })
    expect((await runCli(['lease', 'revoke', id], env)).code).toBe(0)
    expect((await runCli(['kv', 'get', 'a'], env)).code).toBe(3)
    expect((await runCli(['lease', 'keepalive', id], env)).code).toBe(3)
  },
  60_000,
)

test.concurrent(
  'a command under a lease gets signals, and its keys are gone when it ends',
  async () => {
    await using server = await startServer()
    await using client = new CatalogClient(server.url)
    const env = { ROLLCALL_SERVER: server.url }
    await using run = startJob(env, ['--put', 'job/a=1', '--put', 'job/b=2'])
    const id = await leaseOf(run)
    expect(await client.read<GrantAnswer>(`/leases/${id}`)).toMatchObject({ name: 'job' })
    expect((await client.list('job/')).map(({ key, lease }) => [key, lease])).toEqual([
      ['job/a', id],
      ['job/b', id],
    ])
    const bornMs = systemClock.monotonicMs()
    const outlived = () => systemClock.monotonicMs() - bornMs > 1.5 * TTL_MS || undefined
    await until('it has outlived its ttl', outlived, { withinMs: 10 * TTL_MS })
    expect(await client.list('job/')).toHaveLength(2)

    expect(await run.stop('SIGTERM')).toMatchObject({ code: 7 })
    expect(run.stdout).toContain('was told')
    expect(await client.list('job/')).toEqual([])
    expect((await client.ask(`/leases/${id}`)).status).toBe(404)

    const exits = ['lease', 'run', '--ttl', '3s', '--', process.execPath, '-e', 'process.exit(5)']
    expect((await runCli(exits, env)).code).toBe(5)
    const unknown = ['lease', 'run', '--ttl', '3s', '--', 'no-such-command-anywhere']
    expect((await runCli(unknown, env)).code).toBe(127)
    expect(await client.leases('')).toEqual([])
  },
  120_000,
)

test.concurrent(
  'whoever is killed with a lease leaves its keys for a ttl, and no longer',
  async () => {
    await using server = await startServer()
    await using client = new CatalogClient(server.url)
    await using run = startJob({ ROLLCALL_SERVER: server.url }, ['--put', 'job/a=1'])
    await leaseOf(run)
    await run.kill9()
    const diedMs = systemClock.monotonicMs()
    const isGone = async () => (await client.list('job/')).length === 0 || undefined
    await until('its key is gone', isGone, { withinMs: TTL_MS + ENDS_WITHIN_MS })
    expect(systemClock.monotonicMs() - diedMs).toBeGreaterThan(TTL_MS / 2)
  },
  60_000,
)

test.concurrent(
  'a command whose lease is lost is told to end, and the exit code says so',
  async () => {
    await using server = await startServer()
    await using run = startJob({ ROLLCALL_SERVER: server.url }, [])
    await leaseOf(run)
    await server.kill9()
    const { code } = await run.waitForEnd(5 * TTL_MS)
    expect(code).toBe(1)
    expect(run.stdout).toContain('was told')
  },
  60_000,
)

function startJob(env: Readonly<Record<string, string>>, more: readonly string[]): Child {
  const args = ['lease', 'run', '--ttl', `${TTL_MS / 1_000}s`, '--name', 'job', ...more]
  return startCli([...args, '--', process.execPath, '-e', JOB], env)
}

/** Waits until the command under the lease runs; answers the lease. */
function leaseOf(run: Child): Promise<number> {
  return run.line('its lease', (line) => {
    const [, id] = /^runs under (\d+)$/.exec(line) ?? []
    return id === undefined ? undefined : Number(id)
  })
}
