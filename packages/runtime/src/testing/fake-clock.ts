/**
 * A clock that moves only when told to.
 *
 * @module
 */

import { sleepOn, type Clock } from '../clock.ts'

interface Alarm {
  readonly atMs: number
  readonly order: number
  readonly act: () => void
}

/** Runs what is due in order of time, then of asking. Wall time can be bent on its own. */
export class FakeClock implements Clock {
  #nowMs = 0
  #wallOffsetMs: number
  #asked = 0
  #alarms: Alarm[] = []

  constructor(wallStartMs = 1_700_000_000_000) {
    this.#wallOffsetMs = wallStartMs
  }

  wallMs(): number {
    return Math.floor(this.#nowMs + this.#wallOffsetMs)
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal: AbortSignal): Promise<boolean> {
    return sleepOn(this, ms, signal)
  }

  after(ms: number, act: () => void): () => void {
    const alarm = { atMs: this.#nowMs + Math.max(0, ms), order: this.#asked, act }
    this.#asked += 1
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }

  /** Moves wall time alone, as an operator or NTP would. */
  bendWall(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /** Moves time on and runs what falls due, letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (let alarm = this.#next(untilMs); alarm; alarm = this.#next(untilMs)) {
      this.#run(alarm)
      await settle()
    }
    this.#nowMs = untilMs
    await settle()
  }

  /** As `advance`, for code in which nothing is a promise. */
  advanceNow(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (let alarm = this.#next(untilMs); alarm; alarm = this.#next(untilMs)) this.#run(alarm)
    this.#nowMs = untilMs
  }

  /** Moves time on while nothing runs, as when the process was stopped; what is due runs late. */
  stall(ms: number): void {
    this.#nowMs += ms
  }

  #run(alarm: Alarm): void {
    this.#alarms = this.#alarms.filter((other) => other !== alarm)
    this.#nowMs = Math.max(this.#nowMs, alarm.atMs)
    alarm.act()
  }

  #next(untilMs: number): Alarm | undefined {
    let first: Alarm | undefined
    for (const alarm of this.#alarms) {
      if (alarm.atMs > untilMs) continue
      if (
        !first ||
        alarm.atMs < first.atMs ||
        (alarm.atMs === first.atMs && alarm.order < first.order)
      ) {
        first = alarm
      }
    }
    return first
  }
}

/** Lets promise chains run on; a macrotask settles every microtask before it. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
