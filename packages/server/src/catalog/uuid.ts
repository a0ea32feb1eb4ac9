import type { Random } from '@rollcall/runtime'

const BITS_PER_DRAW = 16
const DRAWS = 8

/** A random UUID (RFC 9562, version 4), drawn from the randomness that is passed in. */
export function drawUuid(random: Random): string {
  const words = Array.from({ length: DRAWS }, () => Math.floor(random() * 2 ** BITS_PER_DRAW))
  // Version and variant have fixed places.
  words[3] = ((words[3] as number) & 0x0f_ff) | 0x40_00
  words[4] = ((words[4] as number) & 0x3f_ff) | 0x80_00
  const [a, b, c, d, e, f, g, h] = words.map((word) => word.toString(16).padStart(4, '0'))
  return `${a}${b}-${c}-${d}-${e}-${f}${g}${h}`
}
