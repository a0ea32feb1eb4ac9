/**
 * Loaded into a node whose memory is measured: collects its garbage when told by a signal, so
 * that what is in use can be told from what is only not yet collected.
 *
 * @module
 */

process.on('SIGUSR2', () => {
  globalThis.gc?.()
})
