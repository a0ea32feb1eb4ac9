/**
 * For how long machines have been absent, counting only time in which this node could have heard
 * of them.
 *
 * Time in which the process stood still, was booting, cut off or protected says nothing about a
 * machine. After such a time nothing that was counted before stands: every machine that is not
 * there is given `graceMs`, in which the slowest of agents reports, before its absence begins.
 *
 * @module
 */

/** Between two calls of `listen` a pause of this length is a stall. */
const STALL_MS = 5_000

/** Stands for a machine that is there. */
const PRESENT = -1

export class Absences {
  readonly #graceMs: number
  /** For each machine since when it is absent, on the time that was heard. */
  readonly #since = new Map<string, number>()
  #heardMs = 0
  #lastMs: number | undefined

  constructor({ graceMs }: { readonly graceMs: number }) {
    this.#graceMs = graceMs
  }

  /**
   * Has `nowMs`, monotonic, pass; to be called every second or so. `isHearing`: whether the node
   * could have heard of every machine since the last call. Answers whether it could.
   */
  listen(nowMs: number, isHearing: boolean): boolean {
    const elapsedMs = nowMs - (this.#lastMs ?? nowMs)
    this.#lastMs = nowMs
    if (isHearing && elapsedMs <= STALL_MS) this.#heardMs += elapsedMs
    else this.#since.clear()
    return isHearing && elapsedMs <= STALL_MS
  }

  /** The machine is there. */
  present(hostname: string): void {
    this.#since.set(hostname, PRESENT)
  }

  /** The machine is not there. Answers for how long; negative while it has its grace. */
  absent(hostname: string): number {
    const known = this.#since.get(hostname)
    // One that was there has had its ttl, and then has ended or was given up.
    const since = known === PRESENT ? this.#heardMs : (known ?? this.#heardMs + this.#graceMs)
    if (since !== known) this.#since.set(hostname, since)
    return this.#heardMs - since
  }

  /** Begins anew for a machine, as for one that was never heard of. */
  forget(hostname: string): void {
    this.#since.delete(hostname)
  }

  /** Forgets every machine but these. */
  keep(hostnames: ReadonlySet<string>): void {
    for (const hostname of this.#since.keys()) {
      if (!hostnames.has(hostname)) this.#since.delete(hostname)
    }
  }
}
