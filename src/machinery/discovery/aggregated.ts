/** Discovery in one document (apidiscovery.k8s.io/v2 APIGroupDiscoveryList, KEP-3352). */
import type { APIGroupDiscovery, APIResourceDiscovery } from '../../api/apidiscovery/v2/api-group-discovery.ts'
import type { GroupVersionKind } from '../../schema/type.ts'
import { compareText, type ServedGroup, type ServedKind } from './api-groups.ts'

interface APIGroupDiscoveryList {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: object
  readonly items: readonly {
    readonly metadata: { readonly name?: string }
    readonly versions: APIGroupDiscovery['versions']
  }[]
}

/** `/api` (the core group alone). */
export const aggregatedCore = (groups: readonly ServedGroup[]) =>
  discoveryList(groups.filter(group => group.name === ''))

/** `/apis` (all other groups). */
export const aggregatedGroups = (groups: readonly ServedGroup[]) =>
  discoveryList(groups.filter(group => group.name !== ''))

const discoveryList = (groups: readonly ServedGroup[]): APIGroupDiscoveryList => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: groups.map(({ name, versions }) => ({
    metadata: name === '' ? {} : { name },
    versions: versions.map(({ version, kinds }) => ({
      version,
      resources: kinds.map(resourceOf),
      freshness: 'Current',
    })),
  })),
})

function resourceOf({ gvk, resource }: ServedKind): APIResourceDiscovery {
  const { plural, singular, namespaced, verbs, shortNames, categories, subresources } = resource
  const parts = Object.entries(subresources ?? {}).sort(([a], [b]) => compareText(a, b))
  return {
    resource: plural,
    responseKind: responseKind(gvk, gvk),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: [...verbs].sort(compareText),
    ...(shortNames ? { shortNames: [...shortNames] } : {}),
    ...(categories ? { categories: [...categories] } : {}),
    ...(parts.length === 0
      ? {}
      : {
          subresources: parts.map(([subresource, facts]) => ({
            subresource,
            responseKind: responseKind(facts.kind ?? gvk, gvk),
            verbs: [...facts.verbs].sort(compareText),
          })),
        }),
  }
}

/** Upstream leaves group and version empty where they are those of the document's part. */
function responseKind({ group, version, kind }: GroupVersionKind, own: GroupVersionKind): GroupVersionKind {
  const same = group === own.group && version === own.version
  return same ? { group: '', version: '', kind } : { group, version, kind }
}
