/** The proxies of pods, services and nodes: `[scheme:]name[:port]` names the backend. */
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

function urlOf(base: string, context: RequestContext): { url: URL; prefix: string } {
  const { prefix, path } = pathBehindProxy(context)
  const search = context.request.query.toString()
  return { url: new URL(`${base}${path}${search === '' ? '' : `?${search}`}`), prefix }
}

export async function podProxy(context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> {
  const { scheme, name, port } = targetOf(context.info.name)
  const pod = await deps.reader.getFresh(Pod, context.info.namespace, name)
  if (!pod) throw notFoundError('', 'pods', name)
  if (pod.status.podIP === undefined) throw badRequestError('address not allowed')
  const declared = pod.spec.containers.flatMap(({ ports }) => ports ?? [])
  const number =
    port === ''
      ? (declared[0]?.containerPort ?? (scheme === 'https' ? 443 : 80))
      : (declared.find(candidate => candidate.name === port)?.containerPort ?? Number(port))
  if (!Number.isInteger(number)) throw badRequestError(`no port named ${JSON.stringify(port)} in pod ${name}`)
  const { url, prefix } = urlOf(`${scheme}://${pod.status.podIP}:${number}`, context)
  return reverseProxy(context, url, prefix, { rejectUnauthorized: false })
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
  const { url, prefix } = urlOf(`${scheme}://${backend}`, context)
  return reverseProxy(context, url, prefix, { rejectUnauthorized: false })
}

/** Without a port the kubelet itself, as the API server's own identity. */
export async function nodeProxy(context: RequestContext, deps: ConnectDeps): Promise<ServerResponse> {
  const { scheme, name, port } = targetOf(context.info.name)
  const kubelet = await kubeletUrl(deps.reader, name)
  if (port === '' || port === kubelet.port) {
    const { url, prefix } = urlOf(`https://${kubelet.host}`, context)
    return reverseProxy(context, url, prefix, kubeletTls(deps.kubelet))
  }
  const node = deps.reader.get(Node, '', name)
  if (!node) throw notFoundError('', 'nodes', name)
  const { url, prefix } = urlOf(`${scheme}://${kubelet.hostname}:${port}`, context)
  return reverseProxy(context, url, prefix, { rejectUnauthorized: false })
}
