import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock, systemRandom } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { contentOf, doAll, nextChange, put } from '../../testing/engine-contract/home.ts'
import { EtcdMembers, type EtcdTlsFiles } from '../../testing/etcd-members.ts'
import { openEtcdEngine, type EtcdAccess } from './index.ts'

/** An authority and a certificate of it for localhost, which does for both sides. */
function certificates(): EtcdTlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-tls-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const [ca, caKey] = [file('ca.pem'), file('ca-key.pem')]
  openssl('req', '-x509', ...key, '-keyout', caKey, '-out', ca, '-subj', '/CN=ca', '-days', '2')
  const [request, own, cert] = [file('own.csr'), file('own-key.pem'), file('own.pem')]
  openssl('req', ...key, '-keyout', own, '-out', request, '-subj', '/CN=localhost')
  const names = file('names.cnf')
  writeFileSync(names, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-extfile', names, '-days', '2']
  openssl('x509', '-req', '-in', request, '-out', cert, ...signing)
  return { ca, cert, key: own }
}

test('an etcd that wants certificates is spoken to with them, and not without', async () => {
  const files = certificates()
  await using etcd = await EtcdMembers.start({ release: 'trixie', members: 1, tls: files })
  const open = (tls: NonNullable<EtcdAccess['tls']>) => {
    const parts = { clock: systemClock, random: systemRandom, log: silentLog }
    const access = { endpoints: etcd.endpoints, tls }
    return openEtcdEngine({ ...parts, prefix: '/tls', node: 'n1', access })
  }
  const ca = readFileSync(files.ca)
  await using engine = await open({
    ca,
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
  })
  const { revision } = await doAll(engine, put('a', '1'))
  expect(await nextChange(engine, revision)).toEqual([revision, '+a=1'])
  expect(await contentOf(engine)).toEqual({ a: '1' })
  await using stranger = await open({ ca })
  await expect(doAll(stranger, put('b'))).rejects.toMatchObject({ code: 'unavailable' })
})
