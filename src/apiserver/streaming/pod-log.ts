/** pods/log: the container's log, streamed from its kubelet. */
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable, Transform } from 'node:stream'
import { ApiError, badRequestError, internalError, invalidError } from '../../machinery/api-error.ts'
import { type FieldError, forbidden, invalid, notSupported } from '../../schema/field-error.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ResponseStream, ServerResponse } from '../chain/server-request.ts'
import { connectionError } from '../webhooks/connection-error.ts'
import type { ConnectDeps } from './connect.ts'
import { containerOf, kubeletError, kubeletTls, kubeletUrl, scheduledPod } from './kubelet-location.ts'
import { checkWebSocketReader, sendAsWebSocket } from './web-socket-reader.ts'

const maxErrorBytes = 64 * 1024
const connectTimeoutMs = 30_000

export async function podLog(context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> {
  const { namespace, name } = context.info
  const { query, connection, signal } = context.request
  const options = logQuery(query, name)
  const pod = await scheduledPod(deps.reader, namespace, name)
  const container = containerOf(pod, query.get('container') ?? '')
  const url = await kubeletUrl(deps.reader, pod.spec.nodeName)
  url.pathname = `containerLogs/${[namespace, name, container].map(encodeURIComponent).join('/')}`
  url.search = options.toString()
  if (!connection) throw new ApiError(406, 'NotAcceptable', 'a log is a stream: ask for it over HTTP')
  if (!connection.exchange) {
    checkWebSocketReader(connection)
    const upstream = await get(url, deps, signal)
    return { status: 101, headers: {}, body: { is: 'hijacked', finished: sendAsWebSocket(upstream, connection) } }
  }
  const upstream = await get(url, deps, signal)
  const { response } = connection.exchange
  return { status: 200, headers: {}, body: { is: 'hijacked', finished: send(upstream, response) } }
}

/** The options as the kubelet takes them. Bad ones are refused as upstream's validation of PodLogOptions does. */
function logQuery(query: URLSearchParams, name: string): URLSearchParams {
  const errors: FieldError[] = []
  const options = new URLSearchParams()
  for (const flag of ['follow', 'previous', 'timestamps'])
    if (query.get(flag) === 'true' || query.get(flag) === '1') options.set(flag, 'true')
  const integer = (option: string, min: number, detail: string) => {
    const text = query.get(option)
    if (text === null || text === '') return
    if (!/^-?\d+$/.test(text))
      throw badRequestError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    if (Number(text) < min) errors.push(invalid(option, Number(text), detail))
    options.set(option, text)
  }
  integer('tailLines', 0, 'must be greater than or equal to 0')
  integer('limitBytes', 1, 'must be greater than 0')
  integer('sinceSeconds', 1, 'must be greater than 0')
  const sinceTime = query.get('sinceTime')
  if (sinceTime) {
    if (options.has('sinceSeconds'))
      errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
    if (Number.isNaN(Date.parse(sinceTime)))
      throw badRequestError(`parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse`)
    options.set('sinceTime', sinceTime)
  }
  const stream = query.get('stream')
  if (stream && stream !== 'All') {
    if (!['Stdout', 'Stderr'].includes(stream)) errors.push(notSupported('stream', stream, ['All', 'Stderr', 'Stdout']))
    else if (options.has('tailLines'))
      errors.push(forbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'))
    options.set('stream', stream)
  }
  if (errors.length > 0) throw invalidError('', 'PodLogOptions', name, errors)
  return options
}

function get(url: URL, deps: ConnectDeps, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { ...kubeletTls(deps.kubelet), signal, agent: false })
    const timer = setTimeout(() => request.destroy(new Error('the node did not answer')), connectTimeoutMs)
    request.on('close', () => clearTimeout(timer))
    request.on('error', error => reject(internalError(`Get ${JSON.stringify(url.href)}: ${connectionError(error)}`)))
    request.on('response', response => {
      clearTimeout(timer)
      response.on('error', () => response.destroy())
      if (response.statusCode === 200) return resolve(response)
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size <= maxErrorBytes) parts.push(part)
      })
      response.on('close', () => reject(kubeletError(response.statusCode ?? 500, Buffer.concat(parts).toString())))
    })
    request.end()
  })
}

/** Copies with back-pressure: a client that does not read stops the reading of the log. `stages` change what passes. */
export function send(
  upstream: IncomingMessage,
  target: ResponseStream,
  status = 200,
  headers: Record<string, string | string[]> = { 'content-type': 'text/plain' },
  stages: readonly Transform[] = [],
): Promise<void> {
  return new Promise(resolve => {
    target.writeHead(status, headers)
    target.flushHeaders()
    target.on('close', () => {
      upstream.destroy()
      resolve()
    })
    upstream.on('close', () => {
      if (!upstream.complete) target.destroy()
    })
    let source: Readable = upstream
    for (const stage of stages) {
      stage.on('error', () => target.destroy())
      source = source.pipe(stage)
    }
    source.pipe(target)
  })
}
