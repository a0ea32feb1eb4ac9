/**
 * What the faces show of the cluster, and the one thing that an operator may change in it.
 *
 * @module
 */

import type { ClusterStatus, MemberStatus } from '../instances/index.ts'

export interface ClusterView {
  status(): ClusterStatus
  /** Every member, this node among them, and those that have left and are remembered. */
  members(): readonly MemberStatus[]
  /**
   * Takes a member out. `left`: it lives, and is told to go; that may be this node. `dead`: it
   * was not heard. Throws `member_not_found`.
   */
  removeMember(node: string): 'left' | 'dead'
}
