/**
 * A driver of our own: a script of `drivers/` as a process on its core. It takes its input as
 * one line of JSON, and reports in lines of JSON, each under a name.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'
import { Child, type Core } from './child.ts'

export class Driver implements AsyncDisposable {
  readonly child: Child
  readonly #script: string

  /** Starts `drivers/<script>.ts`. */
  constructor(script: string, core: Core, input: object) {
    const file = fileURLToPath(new URL(`../drivers/${script}.ts`, import.meta.url))
    // What makes this process read TypeScript makes that one read it too.
    const command = [process.execPath, ...process.execArgv, file, JSON.stringify(input)] as const
    this.child = new Child({ command: [...command], core })
    this.#script = script
  }

  /** The next report of that name. Rejects when the driver ends without it. */
  report<T>(name: string, withinMs: number): Promise<T> {
    const find = (line: string) => {
      const [told, value] = JSON.parse(line) as [string, T]
      return told === name ? { value } : undefined
    }
    return this.child
      .line(`"${name}" as driver ${this.#script}`, find, withinMs)
      .then(({ value }) => value)
  }

  /** Says that it should go on with `word`. */
  tell(word: string): void {
    this.child.tell(word)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]()
  }
}
