/**
 * `npm run etcd`: the etcd of two releases of Debian, for tests, into `.cache/debian/etcd`. Quick
 * when they are there.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../run-step.mjs'
import { Apt, ownSources } from './apt.ts'

const RELEASES = ['bookworm', 'trixie'] as const
const FOLDER = join(ROOT, '.cache', 'debian', 'etcd')

for (const release of RELEASES) {
  const into = join(FOLDER, release)
  if (existsSync(join(into, 'usr', 'bin', 'etcd'))) continue
  console.log(
    `downloading the etcd of ${release} with apt into .cache/debian (nothing is installed)`,
  )
  await download(release, into)
}

async function download(release: string, into: string): Promise<void> {
  const { main } = await ownSources()
  const fresh = `${into}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const apt = await Apt.open(join(FOLDER, 'apt', release), [{ ...main, suite: release }])
  await apt.unpack(['etcd-server'], fresh)
  await rm(into, { recursive: true, force: true })
  await rename(fresh, into)
}
