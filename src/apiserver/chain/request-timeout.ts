/** The parameter `timeout`, by which a client says how long it waits (upstream: WithRequestDeadline). */
import { badRequestError } from '../../machinery/api-error.ts'
import { DecodeError } from '../../schema/decode-error.ts'
import { parseDuration } from '../../schema/go-duration.ts'
import { connectingSubresources, type RequestInfo } from './request-info.ts'

/** Requests that go on have none. Whatever is asked for, an answer comes within the time that the server grants. */
export function checkTimeout({ verb, subresource }: RequestInfo, query: URLSearchParams): void {
  if (query.size === 0) return
  const text = query.get('timeout')
  if (!text || verb === 'watch' || verb === 'proxy' || connectingSubresources.has(subresource)) return
  try {
    parseDuration(text)
  } catch (error) {
    if (error instanceof DecodeError)
      throw badRequestError(`invalid timeout specified in the request URL - ${error.message}`)
    throw error
  }
}
