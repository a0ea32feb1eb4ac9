/**
 * Requests as a script makes them: by `curl -sL`, or where the machine has none by plain HTTP.
 *
 * @module
 */

import { execFile, execFileSync } from 'node:child_process'

export interface CurlOptions {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Sent as `multipart/form-data`, as `-F` does. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as it is, as `--data-binary` does. */
  readonly bytes?: Uint8Array
}

export interface CurlAnswer {
  readonly status: number
  readonly bytes: Buffer
  /** The body as text. */
  readonly text: string
}

const hasCurl = (() => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** Curl waits no longer for an answer. */
const SECONDS = 20
const OUTPUT_MAX = 8 * 1_024 * 1_024

/** Makes one request and follows redirects. Rejects when there was no answer. */
export async function curl(url: string, options: CurlOptions = {}): Promise<CurlAnswer> {
  const { status, bytes } = await (hasCurl ? byCurl(url, options) : byFetch(url, options))
  return { status, bytes, text: bytes.toString() }
}

type Plain = Pick<CurlAnswer, 'status' | 'bytes'>

async function byCurl(url: string, { method = 'GET', form, bytes }: CurlOptions): Promise<Plain> {
  const fields = Object.entries(form ?? {}).flatMap(([name, text]) => ['-F', `${name}=${text}`])
  const data = bytes ? ['--data-binary', '@-'] : []
  // The status follows the body on a line of its own.
  const args = ['-sL', '-m', String(SECONDS), '-X', method, '-w', '\n%{http_code}']
  const said = await new Promise<Buffer>((resolve, reject) => {
    const child = execFile(
      'curl',
      [...args, ...fields, ...data, url],
      { encoding: 'buffer', maxBuffer: OUTPUT_MAX },
      (error, stdout) => {
        if (error) reject(new Error(`curl ${url} failed`, { cause: error }))
        else resolve(stdout)
      },
    )
    child.stdin?.on('error', () => {}) // it ended before it had read all
    child.stdin?.end(bytes)
  })
  const end = said.lastIndexOf('\n')
  return { status: Number(said.subarray(end + 1).toString()), bytes: said.subarray(0, end) }
}

async function byFetch(url: string, { method = 'GET', form, bytes }: CurlOptions): Promise<Plain> {
  const body = new FormData()
  for (const [name, text] of Object.entries(form ?? {})) body.append(name, text)
  const sent = form ? { body } : bytes ? { body: new Blob([bytes.slice()]) } : {}
  const answer = await fetch(url, {
    method,
    ...sent,
    signal: AbortSignal.timeout(SECONDS * 1_000),
  })
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) }
}
