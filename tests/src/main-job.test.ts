/**
 * `npm start` on a newcomer's machine: what runs here is in the registry, and nothing stays
 * behind.
 *
 * @module
 */

import { hostname } from 'node:os'
import { API_BASE, type Instance, type ServiceList } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Child } from './support/child.ts'
import { complaintsIn } from './support/complaints.ts'
import { call, callJson, instanceUrl } from './support/http.ts'
import { Lodastack } from './support/lodastack.ts'
import { descendantsOf, runs, sendSignal } from './support/processes.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

/** It also sees to packages and build, which are up to date here. */
const STARTS_WITHIN_MS = 90_000

/** The agent looks every two seconds. */
const SEEN_WITHIN_MS = 20_000

/** What a new listener is called in the registry: as `ps` calls it. */
const SERVICE = 'node'

test('npm start registers this machine and what listens on it, and ends with everything', async () => {
  await using folder = await temporaryFolder()
  await using early = await listener()
  await using job = await startMainJob(folder.path)
  const { url } = job
  await job.main.line('the end of the table', lineOf(/^ {2}http:\S+\/metrics$/), STARTS_WITHIN_MS)
  const said = job.main.stdout.join('\n')
  expect(said).toContain(`listening on ${url}`)
  expect(said).toContain(`  ${url}/registry/v1/services`)
  expect(said).toMatch(/^SERVICE +INSTANCE +BIND +PID +USER +COMMAND$/m)
  const row = new RegExp(`^${SERVICE} +\\S+ +127\\.0\\.0\\.1 +${early.pid} `, 'm')
  // The table ends after so many rows, and high ports come last.
  expect(said).toMatch(said.includes(' more\n') ? /^… and \d+ more$/m : row)

  const { services } = await callJson<ServiceList>(`${url}${API_BASE}/services?limit=1000`)
  const names = services.map(({ service }) => service)
  expect(names).toEqual(expect.arrayContaining(['infra.discovery', 'infra.machine', SERVICE]))
  const machine = await callJson<Instance>(instanceUrl(url, 'infra.machine', hostname()))
  expect(machine).toMatchObject({ status: 'up', tags: ['agent'] })
  const inPool = async () =>
    (await new Lodastack(url).machines('pool.root')).find((row) => row['hostname'] === machine.id)
  const pooled = await until('this machine is in the pool', inPool, { withinMs: SEEN_WITHIN_MS })
  expect(pooled).toMatchObject({ status: 'online', ip: expect.stringMatching(/./) })
  expect(await callJson<Instance>(instanceUrl(url, SERVICE, early.id))).toMatchObject({
    addresses: [`tcp://127.0.0.1:${early.port}`],
    metadata: { pid: String(early.pid), bind: '127.0.0.1' },
  })

  await using late = await listener()
  const statusOfLate = async () => (await call(instanceUrl(url, SERVICE, late.id))).status
  const hasCome = async () => (await statusOfLate()) === 200 || undefined
  await until('the new socket is registered', hasCome, { withinMs: SEEN_WITHIN_MS })
  await job.main.line('that it came', lineOf(new RegExp(`^\\+ ${SERVICE} ${late.id} `)))
  await late.close()
  const hasGone = async () => (await statusOfLate()) === 404 || undefined
  await until('the closed socket is gone', hasGone, { withinMs: SEEN_WITHIN_MS })
  await job.main.line('that it went', lineOf(new RegExp(`^- ${SERVICE} ${late.id} `)))

  expect(await job.main.stop('SIGTERM')).toMatchObject({ code: 0, signal: null })
  expect(job.started.filter((pid) => runs(pid))).toEqual([])
  expect(complaintsIn(job.main.stderr)).toEqual([])
}, 200_000)

test('when npm start is killed, what it started ends by itself', async () => {
  await using folder = await temporaryFolder()
  await using job = await startMainJob(folder.path)
  await job.main.kill9()
  const allEnded = () => !job.started.some((pid) => runs(pid)) || undefined
  await until('server and agent have ended', allEnded, { withinMs: 50_000 })
  await expect(call(`${job.url}/healthz`)).rejects.toThrow(/ECONNREFUSED|other side closed/)
}, 200_000)

interface MainJob extends AsyncDisposable {
  readonly main: Child
  readonly url: string
  /** The processes of the server and of the agent. */
  readonly started: readonly number[]
}

/** Starts it and waits until server and agent run. Disposing ends whatever it has started. */
async function startMainJob(data: string): Promise<MainJob> {
  const args = ['scripts/start.mjs', '--http', '127.0.0.1:0', '--data', data]
  const main = new Child({ args })
  let started: readonly number[] = []
  const dispose = async () => {
    if (!main.hasEnded) started = descendantsOf(main.pid)
    await main.kill9()
    for (const pid of started.filter(runs)) sendSignal(pid, 'SIGKILL')
  }
  try {
    const ready = (line: string) => /^server: ready at (\S+) /.exec(line)?.[1]
    const url = await main.line('that the server is ready', ready, STARTS_WITHIN_MS)
    await main.line('where to look', lineOf(/^Look at:$/))
    started = descendantsOf(main.pid)
    expect(started).toHaveLength(2)
    return { main, url, started, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

interface Listener extends AsyncDisposable {
  readonly pid: number
  readonly port: number
  /** What the agent calls it. */
  readonly id: string
  close(): Promise<void>
}

/** Opens a TCP socket in a process of its own. */
async function listener(): Promise<Listener> {
  const program =
    'const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))'
  const child = new Child({ args: ['-e', program] })
  const port = await child.line('its port', (line) => Number(line))
  return {
    pid: child.pid,
    port,
    id: `${hostname()}:${port}`,
    close: () => child.kill9(),
    [Symbol.asyncDispose]: () => child.kill9(),
  }
}

function lineOf(pattern: RegExp): (line: string) => true | undefined {
  return (line) => pattern.test(line) || undefined
}
