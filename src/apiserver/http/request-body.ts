/** Reading the body of a request as a whole. */
import type { Readable } from 'node:stream'
import { ApiError, badRequestError, entityTooLargeError } from '../../machinery/api-error.ts'

/** Upstream's limit of a body. */
export const maxBodyBytes = 3 * 1024 * 1024

/** Throws ApiError 400, 408 and 413. Called once. */
export type ReadBody = (timeoutMs: number) => Promise<Buffer>

export const bodyTooLarge = (): ApiError => entityTooLargeError(`limit is ${maxBodyBytes}`)
export const bodyTooSlow = (): ApiError => new ApiError(408, 'Timeout', 'the request body did not arrive in time')
export const bodyCutOff = (): ApiError => badRequestError('the request body was cut off')

/** Of HTTP/1.1. */
export const bodyReader =
  (source: Readable): ReadBody =>
  timeoutMs =>
    new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = []
      let length = 0
      const timer = setTimeout(() => reject(bodyTooSlow()), timeoutMs)
      const settle = (done: () => void) => {
        clearTimeout(timer)
        source.off('data', onData)
        done()
      }
      const onData = (chunk: Buffer) => {
        length += chunk.length
        if (length > maxBodyBytes) settle(() => reject(bodyTooLarge()))
        else chunks.push(chunk)
      }
      source.on('data', onData)
      source.on('end', () => settle(() => resolve(joined(chunks, length))))
      source.on('error', () => settle(() => reject(badRequestError('the request body could not be read'))))
      source.on('aborted', () => settle(() => reject(bodyCutOff())))
    })

export const joined = (chunks: readonly Buffer[], length: number): Buffer =>
  chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)
