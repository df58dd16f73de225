import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { GroupVersionKind } from '../../meta/v1/discovery.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const APISubresourceDiscovery = message('APISubresourceDiscovery', {
  subresource: f(1, str),
  responseKind: f(2, GroupVersionKind),
  acceptedTypes: f(3, list(GroupVersionKind)),
  verbs: f(4, list(str)).explicit(),
})
export type APISubresourceDiscovery = TypeOf<typeof APISubresourceDiscovery>

export const APIResourceDiscovery = message('APIResourceDiscovery', {
  resource: f(1, str),
  responseKind: f(2, GroupVersionKind),
  scope: f(3, str),
  singularResource: f(4, str),
  verbs: f(5, list(str)).explicit(),
  shortNames: f(6, list(str)),
  categories: f(7, list(str)),
  subresources: f(8, list(APISubresourceDiscovery)),
})
export type APIResourceDiscovery = TypeOf<typeof APIResourceDiscovery>

export const APIVersionDiscovery = message('APIVersionDiscovery', {
  version: f(1, str),
  resources: f(2, list(APIResourceDiscovery)),
  freshness: f(3, str),
})
export type APIVersionDiscovery = TypeOf<typeof APIVersionDiscovery>

export const APIGroupDiscovery = kind('APIGroupDiscovery', {
  metadata: f(1, ObjectMeta).always(),
  versions: f(2, list(APIVersionDiscovery)),
})
export type APIGroupDiscovery = TypeOf<typeof APIGroupDiscovery>
