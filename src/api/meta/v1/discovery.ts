import { f } from '../../../schema/field.ts'
import { bool, list, str, type TypeOf } from '../../../schema/type.ts'
import { kind, listMessage, message } from './package.ts'

export const GroupVersionForDiscovery = message(
  'GroupVersionForDiscovery',
  {
    groupVersion: f(1, str).required().always().doc('Group and version, as `apps/v1`.'),
    version: f(2, str).required().always().doc('Version alone, as `v1`.'),
  },
  { doc: 'A version of an API group.' },
)
export type GroupVersionForDiscovery = TypeOf<typeof GroupVersionForDiscovery>

export const ServerAddressByClientCIDR = message(
  'ServerAddressByClientCIDR',
  {
    clientCIDR: f(1, str).required().always().doc('Network of the clients.'),
    serverAddress: f(2, str).required().always().doc('Host name or address of the server, possibly with a port.'),
  },
  { doc: 'The address of the server for clients of one network.' },
)
export type ServerAddressByClientCIDR = TypeOf<typeof ServerAddressByClientCIDR>

export const APIGroup = kind(
  'APIGroup',
  {
    name: f(1, str).required().always().doc('Name of the group.'),
    versions: f(2, list(GroupVersionForDiscovery))
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Versions that are served.'),
    preferredVersion: f(3, GroupVersionForDiscovery).always().doc('Version that clients should use if they know it.'),
    serverAddressByClientCIDRs: f(4, list(ServerAddressByClientCIDR))
      .listOf('atomic')
      .doc('Addresses of the server by network of the client.'),
  },
  { doc: 'An API group and its versions.' },
)
export type APIGroup = TypeOf<typeof APIGroup>

export const APIGroupList = kind(
  'APIGroupList',
  {
    groups: f(1, list(APIGroup)).explicit().required().listOf('atomic').doc('The groups, without the core group.'),
  },
  { doc: 'All API groups that are served.' },
)
export type APIGroupList = TypeOf<typeof APIGroupList>

export const Verbs = listMessage('Verbs', str)
export type Verbs = TypeOf<typeof Verbs>

export const APIResource = message(
  'APIResource',
  {
    name: f(1, str).required().always().doc('Plural name; with a slash for a subresource.'),
    namespaced: f(2, bool).required().always().doc('Whether its objects live in namespaces.'),
    kind: f(3, str).required().always().doc('Kind of its objects.'),
    verbs: f(4, Verbs).go('v1.Verbs').required().doc('What can be done with it.'),
    shortNames: f(5, list(str)).listOf('atomic').doc('Abbreviations of the name.'),
    singularName: f(6, str).required().always().doc('Name of a single object.'),
    categories: f(7, list(str)).listOf('atomic').doc('Groups of resources that it belongs to, as `all`.'),
    group: f(8, str).doc('API group of the kind, if another than that of the list.'),
    version: f(9, str).doc('Version of the kind, if another than that of the list.'),
    storageVersionHash: f(10, str).doc('Hash of the version in which it is stored.'),
  },
  { doc: 'A resource that is served.' },
)
export type APIResource = TypeOf<typeof APIResource>

export const APIResourceList = kind(
  'APIResourceList',
  {
    groupVersion: f(1, str).required().always().doc('Group and version, as `apps/v1`.'),
    resources: f(2, list(APIResource)).explicit().required().listOf('atomic').doc('The resources and subresources.'),
  },
  { doc: 'The resources of one group and version.' },
)
export type APIResourceList = TypeOf<typeof APIResourceList>

export const APIVersions = kind(
  'APIVersions',
  {
    versions: f(1, list(str)).explicit().required().listOf('atomic').doc('Versions that are served.'),
    serverAddressByClientCIDRs: f(2, list(ServerAddressByClientCIDR))
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Addresses of the server by network of the client.'),
  },
  { doc: 'The versions of the core group.' },
)
export type APIVersions = TypeOf<typeof APIVersions>

export const GroupVersionKind = message(
  'GroupVersionKind',
  {
    group: f(1, str).doc('API group; empty for the core group.'),
    version: f(2, str).doc('Version of the group.'),
    kind: f(3, str).doc('Name of the kind.'),
  },
  { doc: 'A kind with its group and version.' },
)
export type GroupVersionKind = TypeOf<typeof GroupVersionKind>

export const GroupVersionResource = message(
  'GroupVersionResource',
  {
    group: f(1, str).required().always().doc('API group; empty for the core group.'),
    version: f(2, str).required().always().doc('Version of the group.'),
    resource: f(3, str).required().always().doc('Plural name of the resource.'),
  },
  { doc: 'A resource with its group and version.' },
)
export type GroupVersionResource = TypeOf<typeof GroupVersionResource>
