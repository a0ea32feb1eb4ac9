import { expect, test } from 'vitest'
import { clockAlarm } from './clock-alarm.ts'
import { PeerLink } from './peer-link.ts'

const MINUTE_MS = 60_000

/** What is said with peers whose wall clocks are so many minutes ahead of ours; undefined: not heard. */
function alarmOf(...minutes: readonly (number | undefined)[]): string | undefined {
  return clockAlarm(
    minutes.map((ahead, at) => {
      const link = new PeerLink(`n${at + 2}`, 0)
      link.clockOffsetMs = ahead === undefined ? undefined : ahead * MINUTE_MS
      return link
    }),
  )
}

test.each([
  { minutes: [], says: undefined },
  { minutes: [undefined, undefined], says: undefined },
  { minutes: [0.1, -0.2], says: undefined },
  // Of three clocks one is wrong, and it is not ours.
  { minutes: [600, 0], says: undefined },
  { minutes: [-600, 1], says: undefined },
  { minutes: [15, 15], says: undefined },
  { minutes: [16, 20], says: /16 minutes behind/ },
  { minutes: [-16, -20, undefined], says: /16 minutes ahead of/ },
  // Of two nobody knows who is right: both say so, from twice as far.
  { minutes: [30], says: undefined },
  { minutes: [60], says: /30 minutes behind/ },
  { minutes: [40, 40, 0, 0], says: undefined },
  { minutes: [40, 50, 60, 0], says: /40 minutes behind/ },
])('with peers $minutes minutes ahead', ({ minutes, says }) => {
  const alarm = alarmOf(...minutes)
  if (says) expect(alarm).toMatch(says)
  else expect(alarm).toBeUndefined()
})
