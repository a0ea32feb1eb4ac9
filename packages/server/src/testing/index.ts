/**
 * Set-ups and checkers for tests of the server, never for the server itself.
 *
 * @module
 */

export { operationsOf, type Operation } from './api-operations.ts'
export { setUpApp, type Answer, type AppHarness, type AppSetUp, type Call } from './app-harness.ts'
export { soon } from './soon.ts'
export { dial, type Wire } from './wire.ts'
export { openWatch, type WatchEvent, type WatchReader } from './watch-reader.ts'
export { countHeld, type Held } from './count-held.ts'
export { ackOnDemand, toldOthers } from './told-others.ts'
export { recount, setUpPlane, type PlaneHarness, type PlaneSetUp } from './plane-harness.ts'
export { EtcdDoor } from './etcd-door.ts'
export {
  askEtcd,
  EtcdMembers,
  ETCD_VERSIONS,
  type EtcdMember,
  type EtcdRelease,
} from './etcd-members.ts'
