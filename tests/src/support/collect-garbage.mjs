/**
 * Loaded into a node whose memory is looked at: collects its garbage when told by a signal, so
 * that what is in use can be told from what is only not yet collected.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// The option itself may not stand in NODE_OPTIONS.
setFlagsFromString('--expose-gc')
const collect = /** @type {() => void} */ (runInNewContext('gc'))

// Called with arguments, it would only look at what is young.
process.on('SIGUSR2', () => {
  collect()
})
