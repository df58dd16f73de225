/** Under which keys of the store a resource lies. */
import { kinds } from '../../api/kinds.ts'

/** Where upstream keeps kinds whose key is not their plural. */
export const irregularPrefixes: Readonly<Record<string, string>> = {
  '/endpoints': 'services/endpoints',
  '/nodes': 'minions',
  '/replicationcontrollers': 'controllers',
  '/services': 'services/specs',
  'networking.k8s.io/ingresses': 'ingress',
  // Of servers of their own upstream, which name their group.
  'apiextensions.k8s.io/customresourcedefinitions': 'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices': 'apiregistration.k8s.io/apiservices',
}

const groups = new Map(
  kinds.flatMap(({ gvk, resource }) =>
    resource ? [[prefixOf(gvk.group, resource.plural), { ...gvk, plural: resource.plural }] as const] : [],
  ),
)

function prefixOf(group: string, plural: string): string {
  return irregularPrefixes[`${group}/${plural}`] ?? plural
}

/** `secrets`, `deployments.apps`: whose object lies under a key; undefined for keys that are no object's. */
export function resourceOfKey(key: string): string | undefined {
  const [, registry, first = '', second = ''] = key.split('/')
  if (registry !== 'registry') return undefined
  const known = groups.get(`${first}/${second}`) ?? groups.get(first)
  if (known) return known.group === '' ? known.plural : `${known.plural}.${known.group}`
  return first.includes('.') && second !== '' ? `${second}.${first}` : undefined
}
