/**
 * Puts at etcd by the client for gRPC that programs on Node use, over one channel.
 *
 * @module
 */

import { Client, credentials } from '@grpc/grpc-js'
import { encode, METHODS, put, type Message } from '../tools/grpc-frame.ts'
import type { Put } from './writers.ts'

/** Connects with the first put. */
export function etcdPuts(url: string): Put {
  const client = new Client(new URL(url).host, credentials.createInsecure())
  const write = (message: Message) => encode(message)
  const read = (bytes: Buffer) => bytes
  return (key, value) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(METHODS.put, write, read, put(key, value), (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
}
