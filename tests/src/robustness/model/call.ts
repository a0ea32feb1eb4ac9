/**
 * One call of one client, as that client saw it.
 *
 * @module
 */

/** Times are monotonic milliseconds of one clock, the same for all clients. */
export interface Call<Operation> {
  readonly client: string
  readonly operation: Operation
  readonly invokedMs: number
  /** When its answer was there. Infinity: nobody knows whether it has happened, or ever will. */
  readonly returnedMs: number
}

/** Whether its answer says what became of it. */
export function isKnown(call: Call<unknown>): boolean {
  return call.returnedMs !== Infinity
}
