import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { GroupVersionKind } from '../../meta/v1/discovery.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const APISubresourceDiscovery = message(
  'APISubresourceDiscovery',
  {
    subresource: f(1, str).doc('Name of the subresource.'),
    responseKind: f(2, GroupVersionKind).doc('Kind of the answers; unset if they are no objects.'),
    acceptedTypes: f(3, list(GroupVersionKind)).doc('Kinds that requests can have, if not that of the answers alone.'),
    verbs: f(4, list(str)).explicit().doc('What can be done with it.'),
  },
  { doc: 'A subresource that is served.' },
)
export type APISubresourceDiscovery = TypeOf<typeof APISubresourceDiscovery>

export const APIResourceDiscovery = message(
  'APIResourceDiscovery',
  {
    resource: f(1, str).doc('Plural name.'),
    responseKind: f(2, GroupVersionKind).doc('Kind of its objects.'),
    scope: f(3, str).go('v2.ResourceScope').doc('`Cluster` or `Namespaced`.'),
    singularResource: f(4, str).doc('Name of a single object.'),
    verbs: f(5, list(str)).explicit().doc('What can be done with it.'),
    shortNames: f(6, list(str)).doc('Abbreviations of the name.'),
    categories: f(7, list(str)).doc('Groups of resources that it belongs to, as `all`.'),
    subresources: f(8, list(APISubresourceDiscovery)).doc('Subresources of it.'),
  },
  { doc: 'A resource that is served.' },
)
export type APIResourceDiscovery = TypeOf<typeof APIResourceDiscovery>

export const APIVersionDiscovery = message(
  'APIVersionDiscovery',
  {
    version: f(1, str).doc('Name of the version.'),
    resources: f(2, list(APIResourceDiscovery)).doc('Resources of the version.'),
    freshness: f(3, str)
      .go('v2.DiscoveryFreshness')
      .doc('`Current`, or `Stale` if the server behind it does not answer.'),
  },
  { doc: 'A version of an API group.' },
)
export type APIVersionDiscovery = TypeOf<typeof APIVersionDiscovery>

export const APIGroupDiscovery = kind(
  'APIGroupDiscovery',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; the name is that of the group.'),
    versions: f(2, list(APIVersionDiscovery)).doc('Versions, the preferred one first.'),
  },
  { doc: 'An API group with all that it serves.' },
)
export type APIGroupDiscovery = TypeOf<typeof APIGroupDiscovery>
