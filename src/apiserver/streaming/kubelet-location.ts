/** Where the kubelet of a node listens, and how the API server proves who it is. */
import type { RequestOptions } from 'node:https'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ApiError, badRequestError, internalError, notFoundError } from '../../machinery/api-error.ts'
import type { ObjectReader } from '../registry/object-reader.ts'

export interface KubeletAccess {
  /** PEM of the client certificate and key (CN=kube-apiserver-kubelet-client). */
  readonly certificate: string
  readonly key: string
  /** PEM of the authority of the kubelets' certificates; absent: they are not verified, as upstream's default. */
  readonly ca?: string
}

const addressTypes = ['InternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS', 'ExternalIP']
const defaultKubeletPort = 10_250

export async function kubeletUrl(reader: ObjectReader, nodeName: string): Promise<URL> {
  const node = reader.get(Node, '', nodeName) ?? (await reader.getFresh(Node, '', nodeName))
  if (!node) throw notFoundError('', 'nodes', nodeName)
  const addresses = node.status.addresses ?? []
  const address = addressTypes
    .map(type => addresses.find(candidate => candidate.type === type)?.address)
    .find(found => found !== undefined)
  if (address === undefined) throw internalError(`no preferred addresses found; known addresses: []`)
  const port = node.status.daemonEndpoints.kubeletEndpoint?.Port || defaultKubeletPort
  const url = `https://${address.includes(':') ? `[${address}]` : address}:${port}/`
  // An address is what a kubelet, or whoever may write its status, says it is.
  if (!URL.canParse(url)) throw badRequestError(`lookup ${address}: no such host`)
  return new URL(url)
}

export function kubeletTls({ certificate, key, ca }: KubeletAccess): RequestOptions {
  return { cert: certificate, key, ...(ca === undefined ? { rejectUnauthorized: false } : { ca }) }
}

/** The pod of a request, on a node. */
export async function scheduledPod(
  reader: ObjectReader,
  namespace: string,
  name: string,
): Promise<Pod & { spec: { nodeName: string } }> {
  const pod = await reader.getFresh(Pod, namespace, name)
  if (!pod) throw notFoundError('', 'pods', name)
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '')
    throw badRequestError(`pod ${name} does not have a host assigned`)
  return pod as Pod & { spec: { nodeName: string } }
}

/** The container that a request means: the named one, or the only one. */
export function containerOf(pod: Pod, container: string): string {
  const { name } = pod.metadata
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])]
  if (container !== '') {
    if (!all.some(candidate => candidate.name === container))
      throw badRequestError(`container ${container} is not valid for pod ${name}`)
    return container
  }
  const [only] = pod.spec.containers
  if (only && pod.spec.containers.length === 1) return only.name
  const names = (list: readonly { readonly name: string }[]) => `[${list.map(({ name: each }) => each).join(' ')}]`
  const inits = pod.spec.initContainers ?? []
  const others = inits.length === 0 ? '' : ` or one of the init containers: ${names(inits)}`
  throw badRequestError(
    `a container name must be specified for pod ${name}, choose one of: ${names(pod.spec.containers)}${others}`,
  )
}

/** What a kubelet's refusal becomes for the client. */
export function kubeletError(statusCode: number, text: string): ApiError {
  if (statusCode === 400) return badRequestError(text)
  if (statusCode === 404)
    return new ApiError(404, 'NotFound', `the server could not find the requested resource: ${text}`)
  return internalError(text === '' ? `unknown error from the node (${statusCode})` : text)
}
