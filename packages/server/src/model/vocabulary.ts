/**
 * The words in which the planes answer; the wire carries them unchanged.
 *
 * @module
 */

export {
  DISCOVERY_SERVICE,
  MACHINE_SERVICE,
  RESERVED_PREFIX,
  type HistoryEventName,
  type ProtectionAction,
  type RemovalReason,
  type ResyncReason,
  type Verdict,
} from '@rollcall/protocol'
