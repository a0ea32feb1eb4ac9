import type { RegistryError } from '@rollcall/protocol'

/** Does something that a signal may break off; who waited for it is then told what became of it. */
export async function unlessBrokenOff<Result>(
  signal: AbortSignal,
  brokenOff: RegistryError,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw signal.aborted ? brokenOff : error
  }
}
