/**
 * Who may call a node, and where a node may listen. Pure.
 *
 * @module
 */

export {
  OPEN_PATHS,
  bearerToken,
  createAuthorize,
  type Authorize,
  type Credentials,
} from './bearer.ts'
export { assertSafeToListen, mayAdmitPeers, isLoopback, type ListenChoice } from './listen-rule.ts'
