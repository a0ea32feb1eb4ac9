const STEP = 1_024
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB']

/** Shows a number of bytes for people: `512 B`, `1.5 MiB`. */
export function byteText(bytes: number): string {
  if (bytes < STEP) return `${bytes} B`
  let size = bytes / STEP
  let at = 0
  while (size >= STEP && at < UNITS.length - 1) {
    size /= STEP
    at += 1
  }
  return `${size.toFixed(1)} ${UNITS[at]}`
}
