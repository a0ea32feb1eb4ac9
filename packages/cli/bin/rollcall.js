#!/usr/bin/env -S node --no-memory-reducer --no-parallel-scavenge
// Checked in, so that npm can link it before anything is built.
//
// The options have to be there before the heap is. A quiet node is else made to mark a million
// instances again and again, for seconds and at the cost of every heartbeat meanwhile, to give
// back memory that the next busy minute takes again. And a young collection waits for helpers
// that have to be woken and, where there is no core to spare, take turns with the node: it is
// sooner done alone.
import { existsSync } from 'node:fs'

const built = new URL('../dist/main.js', import.meta.url)
if (existsSync(built)) {
  await import(built.href)
} else {
  process.stderr.write('rollcall is not built yet; run "npm run build" first.\n')
  process.exitCode = 1
}
