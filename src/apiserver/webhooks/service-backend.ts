/** Which address stands behind a Service, for the server's own calls to webhooks and extension API servers. */
import { Service } from '../../api/core/v1/service.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import type { ObjectReader } from '../registry/object-reader.ts'

export interface ServiceReference {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

export interface Backend {
  readonly host: string
  readonly port: number
}

/** Why a Service cannot be called. */
export class NoBackendError extends Error {}

/** One of the ready endpoints. Throws NoBackendError. */
export async function backendOf(
  reader: ObjectReader,
  { namespace, name, port }: ServiceReference,
  random: () => number,
): Promise<Backend> {
  const service = reader.get(Service, namespace, name) ?? (await reader.getFresh(Service, namespace, name))
  if (!service) throw new NoBackendError(`service ${JSON.stringify(name)} not found`)
  const { type, externalName, ports = [] } = service.spec
  if (type === 'ExternalName' && externalName) return { host: externalName, port }
  const chosen = ports.find(candidate => candidate.port === port)
  if (!chosen) throw new NoBackendError(`no service port ${port} found for service ${JSON.stringify(name)}`)
  const slices = await reader.listWhenReady(EndpointSlice, namespace)
  const backends: Backend[] = []
  for (const slice of slices) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue
    const target = slice.ports?.find(candidate => (candidate.name ?? '') === (chosen.name ?? ''))?.port
    if (target === undefined) continue
    for (const { addresses, conditions } of slice.endpoints ?? [])
      if (conditions.ready !== false && addresses[0] !== undefined) backends.push({ host: addresses[0], port: target })
  }
  const backend = backends[Math.floor(random() * backends.length)]
  if (!backend) throw new NoBackendError(`no endpoints available for service ${JSON.stringify(name)}`)
  return backend
}
