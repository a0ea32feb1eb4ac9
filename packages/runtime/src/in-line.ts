import type { Clock } from './clock.ts'

type TurnClock = Pick<Clock, 'after'>

/** By clock: who waits for a turn of the event loop. */
const lines = new WeakMap<TurnClock, (() => void)[]>()

/**
 * Calls `act` in a later turn of the event loop in which nobody else who asks here is called. Each
 * stretch of long work alone keeps heartbeats waiting for no longer than they may; five of them in
 * one turn would not.
 */
export function inLine(clock: TurnClock, act: () => void): void {
  const line = lines.get(clock) ?? []
  lines.set(clock, line)
  line.push(act)
  if (line.length === 1) callNext(clock, line)
}

/** Whoever is called stays in the line until then, so that who comes meanwhile waits behind. */
function callNext(clock: TurnClock, line: (() => void)[]): void {
  clock.after(0, () => {
    const act = line.shift()
    if (line.length > 0) callNext(clock, line)
    act?.()
  })
}
