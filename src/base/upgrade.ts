/** Opens an upgraded HTTP/1.1 connection: to the runtime's streaming server, or from the API server's side to a kubelet. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface Upgraded {
  readonly connection: Duplex
  /** What the server sent behind its response head. */
  readonly head: Buffer
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The server answered, but not with 101. */
export class UpgradeRefused extends Error {
  readonly statusCode: number
  readonly body: Buffer
  constructor(statusCode: number, body: Buffer) {
    super(`the upgrade was refused with ${statusCode}: ${body.toString('utf8', 0, 500)}`)
    this.statusCode = statusCode
    this.body = body
  }
}

const maxRefusalBytes = 64 * 1024
const connectTimeoutMs = 30_000

/** `options` is for TLS, or for a signal that gives up. Rejects with UpgradeRefused where the answer is not 101. */
export function openUpgrade(
  url: URL,
  headers: Readonly<Record<string, string>>,
  method = 'POST',
  options: RequestOptions = {},
): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest
    const outgoing = request(url, { ...options, method, headers: { Connection: 'Upgrade', ...headers }, agent: false })
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`${url.host} did not answer in ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    )
    outgoing.once('upgrade', (response, connection, head) => {
      clearTimeout(timer)
      // Nobody listens for errors until the caller has taken the connection over.
      connection.on('error', () => connection.destroy())
      if (connection instanceof Socket) connection.setNoDelay(true)
      resolve({ connection, head, headers: response.headers })
    })
    outgoing.once('response', response => {
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size <= maxRefusalBytes) parts.push(part)
      })
      response.once('close', () => {
        clearTimeout(timer)
        reject(new UpgradeRefused(response.statusCode ?? 0, Buffer.concat(parts)))
      })
    })
    outgoing.once('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    outgoing.end()
  })
}

/** What was written before the end is flushed; a peer that never reads must not hold the connection for longer. */
const lingerMs = 1000

/** Joins two connections until both are closed; an error or close of one ends the other. */
export function join(a: Duplex, b: Duplex): Promise<void> {
  const end = (connection: Duplex) => {
    if (connection.destroyed) return
    connection.end()
    setTimeout(() => connection.destroy(), lingerMs).unref()
  }
  const closed = (connection: Duplex, other: Duplex): Promise<void> =>
    new Promise(resolve => {
      const done = () => {
        end(other)
        resolve()
      }
      connection.on('error', () => connection.destroy())
      if (connection.destroyed) done()
      else connection.once('close', done)
    })
  const both = Promise.all([closed(a, b), closed(b, a)])
  a.pipe(b)
  b.pipe(a)
  return both.then(() => {})
}
