// @ts-check
/**
 * Makes a checkout ready to run: packages, then the build. Quick when there is nothing to do.
 *
 * `node scripts/setup.mjs` does it by hand; `npm start` and `npm test` begin with it.
 *
 * @module
 */
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  INSTALLED_NOTE,
  STAMP,
  isInstalledFrom,
  isSameNode,
  stampFor,
} from './installed-packages.mjs'
import { ROOT, StepFailure, runStep } from './run-step.mjs'

const ETCD_RELEASES = ['bookworm', 'trixie']
const NODE_MIN = { major: 20, minor: 11 }

/** Installs what is missing and builds. Throws `StepFailure` once it has printed why it failed. */
export function setUp() {
  checkNode()
  installPackages()
  // Always: the compiler itself knows best what has changed, and a look costs well under a second.
  runStep({
    name: 'build',
    doing: 'compiling what changed',
    command: process.execPath,
    args: ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json'],
    advice: 'Correct the errors above, then run it again.',
  })
}

/** Downloads what tests need of etcd. Where that fails it is told, and they say what to do. */
export function fetchEtcd() {
  if (ETCD_RELEASES.every((release) => existsSync(join(ROOT, etcdOf(release))))) return
  try {
    runStep({
      name: 'etcd',
      doing: 'downloading the packages of two releases with apt (nothing is installed)',
      command: process.execPath,
      args: ['node_modules/tsx/dist/cli.mjs', 'scripts/debian/etcd.ts'],
      advice:
        'It needs a Debian with working package sources; the tests that need an etcd will fail.',
    })
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
  }
}

/** @param {string} release */
function etcdOf(release) {
  return `.cache/debian/etcd/${release}/usr/bin/etcd`
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN.major || (major === NODE_MIN.major && minor >= NODE_MIN.minor)) return
  process.stderr.write(
    `Rollcall needs Node ${NODE_MIN.major}.${NODE_MIN.minor} or later; this is ${process.version} ` +
      `(${process.execPath}).\nInstall a newer Node from https://nodejs.org and run it again.\n`,
  )
  throw new StepFailure('Node is too old')
}

function installPackages() {
  const lockText = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
  const stamp = stampFor(lockText, process)
  if (read(STAMP) === stamp || adopt(lockText, stamp)) {
    console.log('packages: up to date')
    return
  }
  runStep({
    name: 'packages',
    doing: 'installing with "npm ci"',
    command: 'npm',
    // The compiler and the test runner are development packages: needed whatever NODE_ENV says.
    args: ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'],
    advice:
      'npm must be on the PATH, and needs its registry (see "npm config get registry") or a cache that holds the packages.',
  })
  writeFileSync(join(ROOT, STAMP), stamp)
}

/**
 * Takes what npm installed without us as ours, where it is what the lock file asks for.
 *
 * @param {string} lockText
 * @param {string} stamp
 */
function adopt(lockText, stamp) {
  const before = read(STAMP)
  const note = read(INSTALLED_NOTE)
  if (note === undefined || (before !== undefined && !isSameNode(before, stamp))) return false
  if (!isInstalledFrom(parseLock(lockText), parseLock(note))) return false
  writeFileSync(join(ROOT, STAMP), stamp)
  return true
}

/** @param {string} text */
function parseLock(text) {
  return /** @type {import('./installed-packages.mjs').LockFile} */ (JSON.parse(text))
}

/** @param {string} path */
function read(path) {
  const file = join(ROOT, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

const [, script] = process.argv
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) {
  try {
    setUp()
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    process.exitCode = 1
  }
}
