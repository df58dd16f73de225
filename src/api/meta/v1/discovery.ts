import { f } from '../../../schema/field.ts'
import { bool, list, str, type TypeOf } from '../../../schema/type.ts'
import { kind, listMessage, message } from './package.ts'

export const GroupVersionForDiscovery = message('GroupVersionForDiscovery', {
  groupVersion: f(1, str).required().always(),
  version: f(2, str).required().always(),
})
export type GroupVersionForDiscovery = TypeOf<typeof GroupVersionForDiscovery>

export const ServerAddressByClientCIDR = message('ServerAddressByClientCIDR', {
  clientCIDR: f(1, str).required().always(),
  serverAddress: f(2, str).required().always(),
})
export type ServerAddressByClientCIDR = TypeOf<typeof ServerAddressByClientCIDR>

export const APIGroup = kind('APIGroup', {
  name: f(1, str).required().always(),
  versions: f(2, list(GroupVersionForDiscovery)).explicit().required().listOf('atomic'),
  preferredVersion: f(3, GroupVersionForDiscovery).always(),
  serverAddressByClientCIDRs: f(4, list(ServerAddressByClientCIDR)).listOf('atomic'),
})
export type APIGroup = TypeOf<typeof APIGroup>

export const APIGroupList = kind('APIGroupList', {
  groups: f(1, list(APIGroup)).explicit().required().listOf('atomic'),
})
export type APIGroupList = TypeOf<typeof APIGroupList>

export const Verbs = listMessage('Verbs', str)
export type Verbs = TypeOf<typeof Verbs>

export const APIResource = message('APIResource', {
  name: f(1, str).required().always(),
  namespaced: f(2, bool).required().always(),
  kind: f(3, str).required().always(),
  verbs: f(4, Verbs).required(),
  shortNames: f(5, list(str)).listOf('atomic'),
  singularName: f(6, str).required().always(),
  categories: f(7, list(str)).listOf('atomic'),
  group: f(8, str),
  version: f(9, str),
  storageVersionHash: f(10, str),
})
export type APIResource = TypeOf<typeof APIResource>

export const APIResourceList = kind('APIResourceList', {
  groupVersion: f(1, str).required().always(),
  resources: f(2, list(APIResource)).explicit().required().listOf('atomic'),
})
export type APIResourceList = TypeOf<typeof APIResourceList>

export const APIVersions = kind('APIVersions', {
  versions: f(1, list(str)).explicit().required().listOf('atomic'),
  serverAddressByClientCIDRs: f(2, list(ServerAddressByClientCIDR)).explicit().required().listOf('atomic'),
})
export type APIVersions = TypeOf<typeof APIVersions>

export const GroupVersionKind = message('GroupVersionKind', {
  group: f(1, str),
  version: f(2, str),
  kind: f(3, str),
})
export type GroupVersionKind = TypeOf<typeof GroupVersionKind>
