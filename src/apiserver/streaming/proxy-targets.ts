/** The proxies of pods, services and nodes: `[scheme:]name[:port]` names the backend. */
import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { Service } from '../../api/core/v1/service.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import { badRequestError, notFoundError, serviceUnavailableError } from '../../machinery/api-error.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import type { ConnectDeps } from './connect.ts'
import { kubeletTls, kubeletUrl } from './kubelet-location.ts'
import { reverseProxy } from './reverse-proxy.ts'

interface Target {
  readonly scheme: 'http' | 'https'
  readonly name: string
  readonly port: string
}

/** `name`, `name:port`, `scheme:name:port`. */
function targetOf(text: string): Target {
  const parts = text.split(':')
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' }
  if (parts.length === 2) return { scheme: 'http', name: parts[0] ?? '', port: parts[1] ?? '' }
  const [scheme = '', name = '', port = ''] = parts
  if (parts.length > 3 || !['http', 'https', ''].includes(scheme))
    throw badRequestError(`invalid service request ${JSON.stringify(text)}`)
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

/** The path behind `/proxy`, percent-encoding and a slash at the end kept. */
function pathBehindProxy({ info, request }: RequestContext): { prefix: string; path: string } {
  // `/api/v1/namespaces/NS/pods/NAME/proxy`, or `/api/v1/nodes/NAME/proxy`.
  const segments = info.namespace === '' ? 5 : 7
  const parts = request.path.split('/')
  return { prefix: parts.slice(0, segments + 1).join('/'), path: `/${parts.slice(segments + 1).join('/')}` }
}

/** The query as the client wrote it: the backend may read it in its own way. */
function rawQuery({ request }: RequestContext): string {
  const raw = request.connection?.request.url
  if (raw === undefined) return request.query.size === 0 ? '' : `?${request.query}`
  const mark = raw.indexOf('?')
  return mark < 0 ? '' : raw.slice(mark)
}

/** Relative links of the page need a slash behind `/proxy`: as upstream, who reads without one is sent there. */
function proxied(context: RequestContext, base: string, tls: RequestOptions): Promise<ServerResponse> {
  const { prefix, path } = pathBehindProxy(context)
  const search = rawQuery(context)
  const { method, connection } = context.request
  const reads = method === 'GET' || method === 'HEAD'
  if (reads && context.request.path === prefix && !connection?.upgrade)
    return Promise.resolve({ status: 301, headers: { location: `${prefix}/${search}` }, body: { is: 'none' } })
  return reverseProxy(context, new URL(`${base}${path}${search}`), prefix, tls)
}

/** An address of this machine or link is not one of a pod: whoever writes a pod's status must not reach them through us. */
function isProxyable(address: string): boolean {
  return isIP(address) !== 0 && !/^(127\.|169\.254\.|0\.|22[4-9]\.|23\d\.|::1$|fe80:)/i.test(address)
}

export async function podProxy(context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> {
  const { scheme, name, port } = targetOf(context.info.name)
  const pod = await deps.reader.getFresh(Pod, context.info.namespace, name)
  if (!pod) throw notFoundError('', 'pods', name)
  if (pod.status.podIP === undefined || !isProxyable(pod.status.podIP)) throw badRequestError('address not allowed')
  const declared = pod.spec.containers.flatMap(({ ports }) => ports ?? [])
  const number =
    port === ''
      ? (declared[0]?.containerPort ?? (scheme === 'https' ? 443 : 80))
      : (declared.find(candidate => candidate.name === port)?.containerPort ?? Number(port))
  if (!Number.isInteger(number)) throw badRequestError(`no port named ${JSON.stringify(port)} in pod ${name}`)
  return proxied(context, `${scheme}://${pod.status.podIP}:${number}`, { rejectUnauthorized: false })
}

export async function serviceProxy(context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> {
  const { scheme, name, port } = targetOf(context.info.name)
  const { namespace } = context.info
  const service = deps.reader.get(Service, namespace, name) ?? (await deps.reader.getFresh(Service, namespace, name))
  if (!service) throw notFoundError('', 'services', name)
  const ports = service.spec.ports ?? []
  const chosen =
    port === '' && ports.length === 1
      ? ports[0]
      : ports.find(candidate => candidate.name === port || String(candidate.port) === port)
  if (!chosen)
    throw serviceUnavailableError(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`)
  const backends: string[] = []
  for (const slice of deps.reader.list(EndpointSlice, namespace)) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name || slice.addressType !== 'IPv4') continue
    const slicePort = slice.ports?.find(candidate => (candidate.name ?? '') === (chosen.name ?? ''))?.port
    for (const { addresses, conditions } of slice.endpoints ?? [])
      if (slicePort !== undefined && conditions.ready !== false && addresses[0] !== undefined)
        backends.push(`${addresses[0]}:${slicePort}`)
  }
  const backend = backends[Math.floor(deps.random() * backends.length)]
  if (backend === undefined) throw serviceUnavailableError(`no endpoints available for service ${JSON.stringify(name)}`)
  return proxied(context, `${scheme}://${backend}`, { rejectUnauthorized: false })
}

/** Without a port the kubelet itself, as the API server's own identity. */
export async function nodeProxy(context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> {
  const { scheme, name, port } = targetOf(context.info.name)
  const kubelet = await kubeletUrl(deps.reader, name)
  if (port === '' || port === kubelet.port) return proxied(context, `https://${kubelet.host}`, kubeletTls(deps.kubelet))
  const node = deps.reader.get(Node, '', name)
  if (!node) throw notFoundError('', 'nodes', name)
  return proxied(context, `${scheme}://${kubelet.hostname}:${port}`, { rejectUnauthorized: false })
}
