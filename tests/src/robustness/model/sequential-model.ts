/**
 * What an object does when its calls come one after the other.
 *
 * @module
 */

/** States are compared with `===` and must be primitive. */
export interface SequentialModel<State extends string | null, Operation> {
  readonly initial: State
  /**
   * Answers the state after an operation, or undefined where its answer cannot have been given in
   * this state. One without a known answer is always possible.
   */
  apply(state: State, operation: Operation, isKnown: boolean): State | undefined
}
