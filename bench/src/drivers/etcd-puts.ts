/**
 * Puts at etcd by the client for gRPC that programs on Node use, over one channel.
 *
 * @module
 */

import { Client, credentials } from '@grpc/grpc-js'
import { systemClock } from '@rollcall/runtime'
import { encode, METHODS, put, type Message } from '../tools/grpc-frame.ts'
import type { Put } from './writers.ts'

/** Connects with the first put. Each waits for its answer as long as that takes, unless `withinMs` is given. */
export function etcdPuts(url: string, withinMs?: number): Put {
  const client = new Client(new URL(url).host, credentials.createInsecure())
  const write = (message: Message) => encode(message)
  const read = (bytes: Buffer) => bytes
  return (key, value) =>
    new Promise((resolve, reject) => {
      const deadline = withinMs === undefined ? Infinity : systemClock.wallMs() + withinMs
      const message = put(key, value)
      client.makeUnaryRequest(METHODS.put, write, read, message, { deadline }, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
}
