/**
 * What needs both planes.
 *
 * @module
 */

export {
  MachinePresence,
  type MachinePresenceOptions,
  type MachinePresenceSettings,
} from './machine-presence.ts'
