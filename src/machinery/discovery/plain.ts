/** Discovery as one document per group and version (meta/v1 APIVersions, APIGroupList, APIGroup, APIResourceList). */
import { createHash } from 'node:crypto'
import type { GroupVersionKind } from '../../schema/type.ts'
import { compareText, type ServedGroup, type ServedKind, type ServedVersion } from './api-groups.ts'

/** `/api`. `serverAddress` is `host:port` as clients reach it. */
export const apiVersionsOf = (serverAddress: string) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
})

/** `/apis`: every group but the core one. */
export const groupListOf = (groups: readonly ServedGroup[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.filter(group => group.name !== '').map(groupMembers),
})

/** `/apis/<group>`. */
export const groupOf = (group: ServedGroup) => ({ kind: 'APIGroup', apiVersion: 'v1', ...groupMembers(group) })

function groupMembers({ name, versions }: ServedGroup) {
  const named = versions.map(({ groupVersion, version }) => ({ groupVersion, version }))
  return { name, versions: named, preferredVersion: named[0] }
}

/** `/api/v1` and `/apis/<group>/<version>`. */
export const resourceListOf = ({ groupVersion, kinds }: ServedVersion) => ({
  kind: 'APIResourceList',
  // The core list of upstream names no apiVersion.
  ...(groupVersion === 'v1' ? {} : { apiVersion: 'v1' }),
  groupVersion,
  resources: kinds.flatMap(resourcesOf),
})

function resourcesOf(kind: ServedKind) {
  const { plural, singular, namespaced, verbs, shortNames, categories, subresources } = kind.resource
  const whole = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.gvk.kind,
    verbs: [...verbs].sort(compareText),
    ...(shortNames ? { shortNames } : {}),
    ...(categories ? { categories } : {}),
    ...(isStored(kind) ? { storageVersionHash: storageVersionHash(storedAs(kind.gvk)) } : {}),
  }
  const parts = Object.entries(subresources ?? {}).map(([name, facts]) => {
    const { group, version, kind: partKind } = facts.kind ?? kind.gvk
    const foreign = group !== kind.gvk.group || version !== kind.gvk.version
    return {
      name: `${plural}/${name}`,
      singularName: '',
      namespaced,
      ...(foreign ? { group, version } : {}),
      kind: partKind,
      verbs: [...facts.verbs].sort(compareText),
    }
  })
  return [whole, ...parts.sort((a, b) => compareText(a.name, b.name))]
}

/** Reviews and bindings are only answered. */
const isStored = ({ resource: { verbs } }: ServedKind): boolean => verbs.includes('create') && verbs.includes('get')

/** Kinds that lie in the store as another version of themselves. */
function storedAs(gvk: GroupVersionKind): GroupVersionKind {
  if (gvk.group === 'events.k8s.io' && gvk.kind === 'Event') return { group: '', version: 'v1', kind: 'Event' }
  if (gvk.group === 'autoscaling') return { ...gvk, version: 'v2' }
  return gvk
}

/** As upstream makes it: the first eight bytes of the SHA-256 of group, version and kind. */
const storageVersionHash = ({ group, version, kind }: GroupVersionKind): string =>
  createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64')
