/** Carries one HTTP request on to a backend and its answer back. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { join, openUpgrade, UpgradeRefused } from '../../base/upgrade.ts'
import { ApiError, serviceUnavailableError } from '../../machinery/api-error.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { connectionError } from '../webhooks/connection-error.ts'
import { linkStages } from './html-links.ts'
import { send } from './pod-log.ts'
import { refusalOf } from './refusal.ts'

/** Headers of one hop (RFC 9110, 7.6.1), and what must not leave this server: the client's credentials. */
const dropped = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // Answered by this server already.
  'expect',
  'authorization',
  'host',
  'http2-settings',
  'x-remote-user',
  'x-remote-group',
  'x-remote-uid',
])

const answerTimeoutMs = 60_000

const forwarded = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string | string[]> => {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (
      value === undefined ||
      lower.startsWith(':') ||
      dropped.has(lower) ||
      lower.startsWith('impersonate-') ||
      lower.startsWith('x-remote-extra-')
    )
      continue
    kept[lower] = typeof value === 'string' ? value : [...value]
  }
  return kept
}

/** `identity`: headers that say whom the request is for. `url` is the backend's; `prefix` is the path under which the client sees its root. */
export async function reverseProxy(
  context: RequestContext,
  url: URL,
  prefix: string,
  tls: RequestOptions,
  identity: Readonly<Record<string, string | string[]>> = {},
): Promise<ServerResponse> {
  const { connection, method, signal, headers } = context.request
  if (!connection) throw new ApiError(406, 'NotAcceptable', 'a proxied answer is a stream: ask for it over HTTP')
  if (connection.upgrade) return upgraded(context, url, tls, identity)
  const { exchange } = connection
  if (!exchange) throw new ApiError(400, 'BadRequest', 'no response to write to')
  const secure = url.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)(url, {
      ...(secure ? tls : {}),
      method,
      signal,
      agent: false,
      headers: {
        ...forwarded(headers),
        ...bodyFraming(context),
        ...identity,
        'x-forwarded-for': context.request.remoteAddress,
        'x-forwarded-uri': `${prefix}${url.pathname}`,
        'x-forwarded-proto': 'https',
      },
    })
    const timer = setTimeout(() => request.destroy(new Error('the backend did not answer')), answerTimeoutMs)
    request.on('close', () => clearTimeout(timer))
    request.on('error', error =>
      reject(serviceUnavailableError(`error trying to reach service: ${connectionError(error)}`)),
    )
    request.on('response', response => {
      clearTimeout(timer)
      response.on('error', () => response.destroy())
      const answer = forwarded(response.headers)
      const { location } = answer
      if (typeof location === 'string') answer.location = relocated(location, url, prefix)
      const hosts = [url.host, [headers.host ?? headers[':authority'] ?? ''].flat()[0] ?? '']
      const stages = method === 'HEAD' || location !== undefined ? undefined : linkStages(answer, { hosts, prefix })
      if (stages) delete answer['content-length']
      const finished = send(response, exchange.response, response.statusCode, answer, stages)
      resolve({ status: response.statusCode ?? 502, headers: {}, body: { is: 'hijacked', finished } })
    })
    exchange.request.pipe(request)
  })
}

/**
 * A body without a length must be sent in chunks whatever the method: for DELETE and the like the client library would
 * send its bytes without any framing, as the beginning of another request.
 */
function bodyFraming({ request }: RequestContext): Record<string, string> {
  const { headers, connection } = request
  if (headers['content-length'] !== undefined) return {}
  const hasBody = connection?.request.hasBody ?? headers['transfer-encoding'] !== undefined
  if (hasBody) return { 'transfer-encoding': 'chunked' }
  return ['POST', 'PUT', 'PATCH'].includes(request.method) ? { 'content-length': '0' } : {}
}

/** A redirect to the backend itself leads through the proxy again. */
function relocated(location: string, url: URL, prefix: string): string {
  const target = URL.parse(location, url.href)
  if (!target) return location
  return target.host === url.host ? `${prefix}${target.pathname}${target.search}${target.hash}` : location
}

async function upgraded(
  context: RequestContext,
  url: URL,
  tls: RequestOptions,
  identity: Readonly<Record<string, string | string[]>>,
): Promise<ServerResponse> {
  const { connection, method, headers } = context.request
  const upgrade = connection?.upgrade
  if (!connection || !upgrade) throw new ApiError(400, 'BadRequest', 'Upgrade request required')
  try {
    const kept = Object.fromEntries(
      Object.entries({ ...forwarded(headers), ...identity }).map(([name, value]) => [name, [value].flat().join(', ')]),
    )
    const wanted = { ...kept, Upgrade: connection.request.headers.upgrade ?? 'websocket' }
    const backend = await openUpgrade(url, wanted, method, { ...tls, signal: context.request.signal })
    const lines = Object.entries(backend.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map(each => `${name}: ${each}`),
    )
    upgrade.socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
    if (upgrade.head.length > 0) backend.connection.write(upgrade.head)
    if (backend.head.length > 0) upgrade.socket.write(backend.head)
    return { status: 101, headers: {}, body: { is: 'hijacked', finished: join(upgrade.socket, backend.connection) } }
  } catch (error) {
    if (error instanceof UpgradeRefused) return refusalOf(error)
    throw serviceUnavailableError(`error trying to reach service: ${connectionError(error)}`)
  }
}
