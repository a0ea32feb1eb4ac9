/** What one step of bringing a watcher up to date may hold; a single value may be more. */
export const STEP_MAX_ENTRIES = 1_000
export const STEP_MAX_BYTES = 256 * 1_024
