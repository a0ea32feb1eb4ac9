/**
 * The body of a service, encoded once per change and shared by everyone who reads it.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'
import type { InstancePlane } from '../instances/index.ts'
import type { ServiceKey } from '../model/instance-key.ts'
import { cacheWeight } from './cache-weight.ts'
import { gzipNow } from './gzip.ts'
import type { InstanceFilter } from './instance-filter.ts'
import { presentInstance, presentProtection } from './present-instance.ts'

const CACHE_MAX_BYTES = 64 * 1_024 * 1_024

/** A service as it was at a revision. */
export interface ServiceBody {
  readonly known: boolean
  readonly revision: number
  readonly token: string
  /** JSON of what stands before the instances: from `"service"` to `"protected"`. */
  readonly head: string
  /** The whole as JSON. */
  readonly json: Buffer
  /** Where the instances begin in `json`; before them stand revision and token, which change more often. */
  readonly instancesAt: number
  /** The whole, compressed; undefined where that is not worth it. Made when first asked for. */
  gzipped(): Buffer | undefined
}

export class ServiceBodies {
  readonly #plane: InstancePlane
  readonly #cache = new LRUCache<string, ServiceBody>({
    maxSize: CACHE_MAX_BYTES,
    sizeCalculation: ({ json }, key) => cacheWeight(key, json.length),
  })

  constructor(plane: InstancePlane) {
    this.#plane = plane
  }

  /** The service as it is now, from the cache if it has not changed since. */
  get(key: ServiceKey, filter: InstanceFilter): ServiceBody {
    const text = `${key.env} ${key.service} ${filter.key}`
    const cached = this.#cache.get(text)
    // What was never changed visibly has no revision that could tell two states apart.
    if (cached && cached.revision > 0 && cached.revision === this.#plane.revisionOf(key)) {
      return cached
    }
    const snapshot = this.#plane.snapshot(key)
    const { env, service, known, revision, token } = snapshot
    const instances: string[] = []
    for (const shown of snapshot.instances) {
      if (filter.fits(shown)) instances.push(JSON.stringify(presentInstance(shown)))
    }
    const fields = {
      service,
      env,
      revision,
      token,
      protected: presentProtection(snapshot.protected),
    }
    const head = JSON.stringify(fields).slice(1, -1)
    const body = encode({ known, revision, token, head, instances })
    if (known) this.#cache.set(text, body)
    return body
  }
}

interface Parts extends Pick<ServiceBody, 'known' | 'revision' | 'token' | 'head'> {
  readonly instances: readonly string[]
}

function encode({ known, revision, token, head, instances }: Parts): ServiceBody {
  const before = `{${head},"instances":[`
  const json = Buffer.from(`${before}${instances.join(',')}]}`)
  let gzipped: Buffer | undefined
  let isGzipped = false
  return {
    known,
    revision,
    token,
    head,
    json,
    instancesAt: Buffer.byteLength(before),
    gzipped: () => {
      if (!isGzipped) gzipped = gzipNow(json)
      isGzipped = true
      return gzipped
    },
  }
}

/** Says whether two bodies list the same instances, whatever their revisions. */
export function sameInstances(left: ServiceBody, right: ServiceBody): boolean {
  return left.json.subarray(left.instancesAt).equals(right.json.subarray(right.instancesAt))
}
