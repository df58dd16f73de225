/** exec, attach and portforward: the client's upgraded connection is joined to the kubelet's, byte by byte. */
import { join, openUpgrade, type Upgraded, UpgradeRefused } from '../../base/upgrade.ts'
import { ApiError, badRequestError, internalError } from '../../machinery/api-error.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { connectionError } from '../webhooks/connection-error.ts'
import type { ConnectDeps } from './connect.ts'
import { containerOf, kubeletTls, kubeletUrl, scheduledPod } from './kubelet-location.ts'
import { refusalOf } from './refusal.ts'

const isTrue = (query: URLSearchParams, name: string): boolean => query.get(name) === 'true' || query.get(name) === '1'

export const podExec = (context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> =>
  remoteCommand(context, deps, 'exec')
export const podAttach = (context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> =>
  remoteCommand(context, deps, 'attach')

async function remoteCommand(
  context: RequestContext,
  deps: ConnectDeps,
  action: 'exec' | 'attach',
): Promise<ServerResponse> {
  const { namespace, name } = context.info
  const { query } = context.request
  const pod = await scheduledPod(deps.reader, namespace, name)
  const container = containerOf(pod, query.get('container') ?? '')
  const streams = ['stdin', 'stdout', 'stderr'].filter(stream => isTrue(query, stream))
  // As upstream's defaults: without any stream named, output is wanted.
  const stdout = isTrue(query, 'stdout') || streams.length === 0
  const stderr = isTrue(query, 'stderr') || streams.length === 0
  const target = new URLSearchParams()
  if (isTrue(query, 'stdin')) target.set('input', '1')
  if (stdout) target.set('output', '1')
  if (stderr && !isTrue(query, 'tty')) target.set('error', '1')
  if (isTrue(query, 'tty')) target.set('tty', '1')
  if (action === 'exec') {
    const command = query.getAll('command')
    if (command.length === 0) throw badRequestError('you must specify at least one command for the container')
    for (const word of command) target.append('command', word)
  }
  return tunnel(context, deps, pod.spec.nodeName, `${action}/${namespace}/${name}/${container}`, target)
}

export async function podPortForward(context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> {
  const { namespace, name } = context.info
  const pod = await scheduledPod(deps.reader, namespace, name)
  const target = new URLSearchParams()
  for (const port of context.request.query.getAll('ports')) target.append('port', port)
  return tunnel(context, deps, pod.spec.nodeName, `portForward/${namespace}/${name}`, target)
}

async function tunnel(
  context: RequestContext,
  deps: ConnectDeps,
  nodeName: string,
  path: string,
  query: URLSearchParams,
): Promise<ServerResponse> {
  const { connection } = context.request
  if (!connection?.upgrade) throw new ApiError(400, 'BadRequest', 'Upgrade request required')
  const url = await kubeletUrl(deps.reader, nodeName)
  url.pathname = path.split('/').map(encodeURIComponent).join('/')
  url.search = query.toString()
  let upstream: Upgraded
  try {
    upstream = await openUpgrade(url, upgradeHeaders(connection.request.headers), context.request.method, {
      ...kubeletTls(deps.kubelet),
      signal: context.request.signal,
    })
  } catch (error) {
    if (error instanceof UpgradeRefused) return refusalOf(error)
    throw internalError(`error dialing backend: ${connectionError(error)}`)
  }
  const { socket, head } = connection.upgrade
  socket.write(switchingProtocols(upstream.headers))
  if (head.length > 0) upstream.connection.write(head)
  if (upstream.head.length > 0) socket.write(upstream.head)
  return { status: 101, headers: {}, body: { is: 'hijacked', finished: join(socket, upstream.connection) } }
}

/** What the client says of the protocol it wants; its credentials stay here. */
function upgradeHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const isProtocol = name === 'upgrade' || name === 'x-stream-protocol-version' || name.startsWith('sec-websocket-')
    if (isProtocol && value !== undefined) kept[name] = [value].flat().join(', ')
  }
  // A token may travel as a WebSocket subprotocol; the kubelet must not see it.
  const protocols = kept['sec-websocket-protocol']?.split(',').map(protocol => protocol.trim())
  const visible = protocols?.filter(protocol => !protocol.startsWith('base64url.bearer.authorization.k8s.io.'))
  if (visible) kept['sec-websocket-protocol'] = visible.join(', ')
  return kept
}

function switchingProtocols(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const lines = ['HTTP/1.1 101 Switching Protocols']
  for (const [name, value] of Object.entries(headers))
    for (const each of [value ?? []].flat()) lines.push(`${name}: ${each}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
