/** Groups that other servers serve, as they stand in this server's discovery documents. Pure. */
import type { APIResourceDiscovery } from '../../api/apidiscovery/v2/api-group-discovery.ts'

/** One entry of an APIResourceList. */
export interface RemoteResource {
  readonly name: string
  readonly singularName?: string
  readonly namespaced?: boolean
  readonly kind?: string
  readonly group?: string
  readonly version?: string
  readonly verbs?: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

export interface RemoteVersion {
  readonly version: string
  /** False where the server does not answer: what it served last is shown. */
  readonly isCurrent: boolean
  readonly resources: readonly RemoteResource[]
}

export interface RemoteGroup {
  readonly name: string
  /** The preferred one first. */
  readonly versions: readonly RemoteVersion[]
}

export function plainRemoteGroup({ name, versions }: RemoteGroup) {
  const named = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: named, preferredVersion: named[0] }
}

export const aggregatedRemoteGroup = ({ name, versions }: RemoteGroup) => ({
  metadata: { name },
  versions: versions.map(({ version, isCurrent, resources }) => ({
    version,
    resources: resources.filter(one => !one.name.includes('/')).map(one => resourceOf(one, resources)),
    freshness: isCurrent ? 'Current' : 'Stale',
  })),
})

const kindOf = ({ group = '', version = '', kind = '' }: RemoteResource) => ({ group, version, kind })

function resourceOf(resource: RemoteResource, all: readonly RemoteResource[]): APIResourceDiscovery {
  const { name, singularName = '', namespaced, verbs = [], shortNames, categories } = resource
  const parts = all.filter(one => one.name.startsWith(`${name}/`))
  return {
    resource: name,
    responseKind: kindOf(resource),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularName,
    verbs: [...verbs],
    ...(shortNames?.length ? { shortNames: [...shortNames] } : {}),
    ...(categories?.length ? { categories: [...categories] } : {}),
    ...(parts.length === 0
      ? {}
      : {
          subresources: parts.map(part => ({
            subresource: part.name.slice(name.length + 1),
            responseKind: kindOf(part),
            verbs: [...(part.verbs ?? [])],
          })),
        }),
  }
}
