/** The ways to ask a container something: command, HTTP, TCP, gRPC. Used by probes and lifecycle hooks. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import type { Container } from '../../api/core/v1/container.ts'
import type { ExecAction, GRPCAction, HTTPGetAction, TCPSocketAction } from '../../api/core/v1/probe.ts'
import { GrpcChannel } from '../../base/grpc/grpc-channel.ts'
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { int32, str } from '../../schema/type.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'

export interface Answer {
  readonly ok: boolean
  /** What came back, shortened; why it failed. */
  readonly output: string
}

const maxOutputBytes = 10 * 1024
const maxRedirects = 10
const userAgent = 'kube-probe/1.37'

/** A port by number or by the name of one of the container's ports. Throws. */
export function portOf(port: number | string, container: Pick<Container, 'ports' | 'name'>): number {
  const number = typeof port === 'number' ? port : /^\d+$/.test(port) ? Number(port) : undefined
  const found = number ?? container.ports?.find(({ name }) => name === port)?.containerPort
  if (found === undefined || found < 1 || found > 65535) throw new Error(`couldn't find port: ${port}`)
  return found
}

const shortened = (bytes: Uint8Array): string => Buffer.from(bytes).subarray(0, maxOutputBytes).toString('utf8')

export async function askByExec(
  runtime: RuntimeClient,
  containerId: string,
  action: ExecAction,
  timeoutSeconds: number,
  signal?: AbortSignal,
): Promise<Answer> {
  const command = action.command ?? []
  try {
    const result = await runtime.execSync(containerId, command, timeoutSeconds, signal)
    return { ok: result.exitCode === 0, output: shortened(Buffer.concat([result.stdout, result.stderr])) }
  } catch (error) {
    if (error instanceof GrpcError && error.code === GrpcCode.deadlineExceeded)
      return {
        ok: false,
        output: `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutSeconds}s`,
      }
    throw error
  }
}

/** As Go's dialer words it, which is what users know from events. */
function dialError(error: NodeJS.ErrnoException, address: string): string {
  const words: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ECONNRESET: 'read: connection reset by peer',
  }
  return `dial tcp ${address}: ${words[error.code ?? ''] ?? error.message}`
}

const joined = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

export function askByTcp(
  action: TCPSocketAction,
  container: Container,
  podIp: string,
  timeoutMs: number,
): Promise<Answer> {
  const port = portOf(action.port, container)
  const host = action.host || podIp
  return new Promise(resolve => {
    const address = joined(host, port)
    const socket = connect({ host, port, timeout: timeoutMs })
    const finish = (answer: Answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => finish({ ok: true, output: '' }))
    socket.once('timeout', () => finish({ ok: false, output: `dial tcp ${address}: i/o timeout` }))
    socket.once('error', error => finish({ ok: false, output: dialError(error, address) }))
  })
}

export async function askByHttp(
  action: HTTPGetAction,
  container: Container,
  podIp: string,
  timeoutMs: number,
): Promise<Answer> {
  const port = portOf(action.port, container)
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const url = new URL(`${scheme}://${joined(action.host || podIp, port)}${withSlash(action.path ?? '/')}`)
  const headers: Record<string, string | string[]> = { 'user-agent': userAgent, accept: '*/*' }
  for (const { name, value } of action.httpHeaders ?? []) {
    const key = name.toLowerCase()
    const before = key === 'user-agent' || key === 'accept' ? undefined : headers[key]
    headers[key] = before === undefined ? value : [before, value].flat()
  }
  const deadlineMs = performance.now() + timeoutMs
  return await follow(url, headers, deadlineMs, maxRedirects)
}

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`)

function follow(
  url: URL,
  headers: Record<string, string | string[]>,
  deadlineMs: number,
  redirects: number,
): Promise<Answer> {
  return new Promise(resolve => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const fail = (why: string) => resolve({ ok: false, output: `Get "${url.href}": ${why}` })
    const request = send(url, { headers, agent: false, rejectUnauthorized: false, method: 'GET' }, response => {
      const status = response.statusCode ?? 0
      const location = response.headers.location
      if (status >= 300 && status < 400 && location !== undefined) {
        response.destroy()
        finished()
        const next = new URL(location, url)
        // A redirect to another host counts as alive; the same host is followed.
        if (next.hostname !== url.hostname) return resolve({ ok: true, output: `Probe terminated redirects` })
        if (redirects === 0) return fail('stopped after 10 redirects')
        return resolve(follow(next, headers, deadlineMs, redirects - 1))
      }
      const chunks: Buffer[] = []
      let length = 0
      const end = () => {
        finished()
        if (status >= 200 && status < 400) resolve({ ok: true, output: shortened(Buffer.concat(chunks)) })
        else resolve({ ok: false, output: `HTTP probe failed with statuscode: ${status}` })
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > maxOutputBytes) response.destroy()
      })
      response.once('close', end)
      response.once('error', end)
    })
    const timer = setTimeout(
      () => {
        fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')
        request.destroy()
      },
      Math.max(1, deadlineMs - performance.now()),
    )
    const finished = () => clearTimeout(timer)
    request.on('error', error => {
      finished()
      fail(dialError(error, url.host))
    })
    request.end()
  })
}

// https://github.com/grpc/grpc/blob/master/doc/health-checking.md
const message = messagesOf('grpc.health.v1')
const HealthCheckRequest = message('HealthCheckRequest', { service: f(1, str) })
const HealthCheckResponse = message('HealthCheckResponse', { status: f(1, int32) })
const servingNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

export async function askByGrpc(action: GRPCAction, podIp: string, timeoutMs: number): Promise<Answer> {
  const address = joined(podIp, action.port)
  const channel = new GrpcChannel({ host: podIp, port: action.port, tls: action.mode === 'TLS' })
  try {
    const request = encodeMessage(HealthCheckRequest, { service: action.service ?? '' })
    const bytes = await channel.unary('/grpc.health.v1.Health/Check', request, {
      timeoutMs,
      metadata: { 'user-agent': userAgent },
    })
    const status = decodeMessage(HealthCheckResponse, bytes).status ?? 0
    if (status === 1) return { ok: true, output: 'service healthy' }
    return { ok: false, output: `service unhealthy (responded with "${servingNames[status] ?? status}")` }
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error
    if (error.code === GrpcCode.unimplemented)
      return {
        ok: false,
        output: `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}`,
      }
    if (error.code === GrpcCode.deadlineExceeded || error.code === GrpcCode.unavailable)
      return {
        ok: false,
        output: `timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s: context deadline exceeded`,
      }
    return { ok: false, output: `error: health rpc probe failed: ${error.message}` }
  } finally {
    channel.close()
  }
}
