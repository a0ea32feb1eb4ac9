/**
 * However a bench or a soak ends, it leaves neither processes nor folders behind.
 *
 * @module
 */

import { killChildren } from './child.ts'
import { removeTemporaryFolders } from './temporary-folder.ts'

/** Cleans up when this process exits, and lets it exit when it is asked to. */
export function exitClean(): void {
  process.on('exit', () => {
    killChildren()
    removeTemporaryFolders()
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.exit(1)
    })
  }
}
