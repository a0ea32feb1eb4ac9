/**
 * The driver's side of its conversation with the run that started it.
 *
 * @module
 */

import { createInterface } from 'node:readline'

/** What the run gave it. */
export function input(): unknown {
  return JSON.parse(process.argv[2] ?? '{}')
}

/** Reports something under a name. */
export function report(name: string, value: unknown): void {
  process.stdout.write(`${JSON.stringify([name, value])}\n`)
}

const words: string[] = []
const waiting = new Map<string, () => void>()

/** Waits until the run has said `word`. */
export async function told(word: string): Promise<void> {
  if (!words.includes(word)) {
    await new Promise<void>((resolve) => {
      waiting.set(word, resolve)
    })
  }
}

/** Begins to listen. A run that has gone away takes its driver with it. */
export function listen(): void {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    words.push(line)
    waiting.get(line)?.()
  })
  lines.on('close', () => process.exit(0))
}
