/**
 * The limits of a node (`limits.…`): file and environment only, since nobody types them.
 *
 * @module
 */

import { LIMITS } from '@rollcall/protocol'
import { Type } from 'typebox'
import { limit } from './field-notes.ts'

const KIB = 1_024
const MIB = 1_024 * KIB

/** A body becomes one string before it is parsed, and this is the longest string that Node makes. */
const STRING_MAX = 536_870_888

/** A map of JavaScript holds 2^24 entries; live records and tombstones may share one. */
const HALF_MAP_MAX = 8_000_000

/** A longer timer of Node fires at once. */
const TIMER_MAX_MS = 2_147_483_647

export const LimitsSchema = Type.Object(
  {
    bodyMaxBytes: limit(
      1 * MIB,
      {
        description: 'Largest body of a request, those of heartbeats in bulk and of keys excepted.',
        unit: 'bytes',
        raising:
          'One request may take that much memory and hold the event loop while it is parsed.',
        lowering: 'Larger requests are refused with 413 `limit_exceeded`.',
      },
      { maximum: STRING_MAX },
    ),
    heartbeatsBodyMaxBytes: limit(
      4 * MIB,
      {
        description: 'Largest body of `POST /heartbeats`.',
        unit: 'bytes',
        raising:
          'One request may take that much memory and hold the event loop while it is parsed.',
        lowering: 'Clients must send their 10,000 renewals in more requests.',
      },
      { maximum: STRING_MAX },
    ),
    catalogBodyMaxBytes: limit(
      LIMITS.catalogBodyMaxBytes,
      {
        description:
          'Largest body of a request to `/kv` or `/txn`. A value is at most 1 MiB whatever this says.',
        unit: 'bytes',
        raising:
          'One request may take that much memory and hold the event loop while it is parsed.',
        lowering: 'Values and transactions beyond it are refused with 413 `limit_exceeded`.',
      },
      { maximum: STRING_MAX },
    ),
    restoreBodyMaxBytes: limit(LIMITS.restoreBodyMaxBytes, {
      description: 'Largest backup that `POST /restore` takes, packed or not.',
      unit: 'bytes',
      raising: 'An upload may take that much of the disk of the data folder while it is checked.',
      lowering: 'Larger backups are refused with 413 `limit_exceeded`.',
    }),
    instancesMax: limit(
      2_000_000,
      {
        description: 'Live instances that this node holds, all services and zones together.',
        unit: 'instances',
        raising: 'Memory grows with every instance, the more so the more metadata they have.',
        lowering: 'New registrations beyond it are refused with 413 `limit_exceeded`.',
      },
      { maximum: HALF_MAP_MAX },
    ),
    tombstonesMax: limit(
      1_000_000,
      {
        description: 'Marks of cancelled and evicted instances that this node remembers.',
        unit: 'tombstones',
        raising: 'Memory grows with every mark.',
        lowering:
          'A mark may be forgotten sooner, and a late message may then bring back what was cancelled.',
      },
      { maximum: HALF_MAP_MAX },
    ),
    watchersMax: limit(50_000, {
      description: 'Watch streams and waiting long polls at one time.',
      unit: 'watchers',
      raising:
        'Each holds a connection and a queue, and a change of a popular service is written to all of them.',
      lowering: 'Later watchers are refused with 429 `too_many_watchers` and have to poll.',
    }),
    watcherQueueMaxChanges: limit(1_000, {
      description:
        'Changes that wait for one slow watcher. Beyond it the watcher is sent `resync` and a snapshot.',
      unit: 'changes',
      raising: 'Slow watchers may hold more memory, up to this times `limits.watchersMax`.',
      lowering: 'Slow watchers start over more often, and a snapshot costs more than changes.',
    }),
    watcherQueueMaxBytes: limit(1 * MIB, {
      description:
        'Bytes that wait for one slow watcher; one change always fits. Beyond it the watcher is sent `resync` and a snapshot.',
      unit: 'bytes',
      raising: 'Slow watchers may hold more memory, up to this times `limits.watchersMax`.',
      lowering: 'Slow watchers start over more often, and a snapshot costs more than changes.',
    }),
    changeRingSize: limit(
      100_000,
      {
        description:
          'Changes that are kept for watchers that resume. An older resume token gets a snapshot.',
        unit: 'changes',
        raising: 'Memory grows, since a change keeps the record that it brought.',
        lowering: 'A watcher that was away for a shorter time already has to start over.',
      },
      { maximum: HALF_MAP_MAX },
    ),
    waitMaxMs: limit(
      LIMITS.waitMaxMs,
      {
        description: 'Longest wait of a long poll. A request that asks for more waits this long.',
        unit: 'ms',
        raising: 'Idle requests last longer; a proxy with a shorter timeout cuts them off.',
        lowering: 'Clients ask again more often.',
      },
      { maximum: TIMER_MAX_MS },
    ),
    pageMax: limit(LIMITS.pageMax, {
      description: 'Most entries on one page of a list.',
      unit: 'entries',
      raising: 'One request may hold the event loop for longer and answer with a larger body.',
      lowering: 'Clients need more requests to read a whole list.',
    }),
    connectionsMax: limit(65_536, {
      description: 'Open connections of clients. Beyond it new ones are closed as they arrive.',
      unit: 'connections',
      raising:
        'Each takes a file descriptor and some memory; the limit of the process (`ulimit -n`) must be higher than this.',
      lowering:
        'Clients may find no connection free, although watchers are within their own limit.',
    }),
    defaultTtlMs: limit(
      LIMITS.ttlDefaultMs,
      {
        description: 'Time to live of an instance that names none. Clients renew at a third of it.',
        unit: 'ms',
        raising: 'An instance that died stays visible for longer.',
        lowering: 'More heartbeats, and a shorter pause of a client is taken for its death.',
      },
      { minimum: LIMITS.ttlMinMs, maximum: LIMITS.ttlMaxMs },
    ),
  },
  { additionalProperties: false },
)
