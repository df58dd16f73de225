import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { Taint } from './affinity.ts'
import { kind, message } from './package.ts'

export const AttachedVolume = message('AttachedVolume', {
  name: f(1, str).required().always(),
  devicePath: f(2, str).required().always(),
})
export type AttachedVolume = TypeOf<typeof AttachedVolume>

export const ConfigMapNodeConfigSource = message('ConfigMapNodeConfigSource', {
  namespace: f(1, str).required().always(),
  name: f(2, str).required().always(),
  uid: f(3, str),
  resourceVersion: f(4, str),
  kubeletConfigKey: f(5, str).required().always(),
})
export type ConfigMapNodeConfigSource = TypeOf<typeof ConfigMapNodeConfigSource>

export const ContainerImage = message('ContainerImage', {
  names: f(1, list(str)).explicit().listOf('atomic'),
  sizeBytes: f(2, int64),
})
export type ContainerImage = TypeOf<typeof ContainerImage>

export const DaemonEndpoint = message('DaemonEndpoint', {
  Port: f(1, int32).required().always(),
})
export type DaemonEndpoint = TypeOf<typeof DaemonEndpoint>

export const NodeConfigSource = message('NodeConfigSource', {
  configMap: f(2, ConfigMapNodeConfigSource),
})
export type NodeConfigSource = TypeOf<typeof NodeConfigSource>

export const NodePodPreemptionPolicy = message('NodePodPreemptionPolicy', {
  disableResizePreemption: f(1, list(str)).listOf('set'),
})
export type NodePodPreemptionPolicy = TypeOf<typeof NodePodPreemptionPolicy>

export const NodeSpec = message('NodeSpec', {
  podCIDR: f(1, str),
  externalID: f(2, str),
  providerID: f(3, str),
  unschedulable: f(4, bool),
  taints: f(5, list(Taint)).listOf('atomic'),
  configSource: f(6, NodeConfigSource),
  podCIDRs: f(7, list(str)).listOf('set').patch('merge'),
  podPreemptionPolicy: f(8, NodePodPreemptionPolicy),
})
export type NodeSpec = TypeOf<typeof NodeSpec>

export const NodeAddress = message('NodeAddress', {
  type: f(1, str).required().always(),
  address: f(2, str).required().always(),
})
export type NodeAddress = TypeOf<typeof NodeAddress>

export const NodeCondition = message('NodeCondition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  lastHeartbeatTime: f(3, time),
  lastTransitionTime: f(4, time),
  reason: f(5, str),
  message: f(6, str),
})
export type NodeCondition = TypeOf<typeof NodeCondition>

export const NodeConfigStatus = message('NodeConfigStatus', {
  assigned: f(1, NodeConfigSource),
  active: f(2, NodeConfigSource),
  lastKnownGood: f(3, NodeConfigSource),
  error: f(4, str),
})
export type NodeConfigStatus = TypeOf<typeof NodeConfigStatus>

export const NodeDaemonEndpoints = message('NodeDaemonEndpoints', {
  kubeletEndpoint: f(1, DaemonEndpoint).always(),
})
export type NodeDaemonEndpoints = TypeOf<typeof NodeDaemonEndpoints>

export const NodeFeatures = message('NodeFeatures', {
  supplementalGroupsPolicy: f(1, bool).explicit(),
})
export type NodeFeatures = TypeOf<typeof NodeFeatures>

export const NodeRuntimeHandlerFeatures = message('NodeRuntimeHandlerFeatures', {
  recursiveReadOnlyMounts: f(1, bool).explicit(),
  userNamespaces: f(2, bool).explicit(),
})
export type NodeRuntimeHandlerFeatures = TypeOf<typeof NodeRuntimeHandlerFeatures>

export const NodeRuntimeHandler = message('NodeRuntimeHandler', {
  name: f(1, str).always(),
  features: f(2, NodeRuntimeHandlerFeatures),
})
export type NodeRuntimeHandler = TypeOf<typeof NodeRuntimeHandler>

export const NodeSwapStatus = message('NodeSwapStatus', {
  capacity: f(1, int64).explicit(),
})
export type NodeSwapStatus = TypeOf<typeof NodeSwapStatus>

export const NodeSystemInfo = message('NodeSystemInfo', {
  machineID: f(1, str).required().always(),
  systemUUID: f(2, str).required().always(),
  bootID: f(3, str).required().always(),
  kernelVersion: f(4, str).required().always(),
  osImage: f(5, str).required().always(),
  containerRuntimeVersion: f(6, str).required().always(),
  kubeletVersion: f(7, str).required().always(),
  kubeProxyVersion: f(8, str).required().always(),
  operatingSystem: f(9, str).required().always(),
  architecture: f(10, str).required().always(),
  swap: f(11, NodeSwapStatus),
  runningInUserNamespace: f(12, bool).explicit(),
})
export type NodeSystemInfo = TypeOf<typeof NodeSystemInfo>

export const NodeStatus = message('NodeStatus', {
  capacity: f(1, map(quantity)),
  allocatable: f(2, map(quantity)),
  phase: f(3, oneOf('Pending', 'Running', 'Terminated')),
  conditions: f(4, list(NodeCondition)).listOf('map', 'type').patch('merge', 'type'),
  addresses: f(5, list(NodeAddress)).listOf('map', 'type').patch('merge', 'type'),
  daemonEndpoints: f(6, NodeDaemonEndpoints).always(),
  nodeInfo: f(7, NodeSystemInfo).always(),
  images: f(8, list(ContainerImage)).listOf('atomic'),
  volumesInUse: f(9, list(str)).listOf('atomic'),
  volumesAttached: f(10, list(AttachedVolume)).listOf('atomic'),
  config: f(11, NodeConfigStatus),
  runtimeHandlers: f(12, list(NodeRuntimeHandler)).listOf('atomic'),
  features: f(13, NodeFeatures),
  declaredFeatures: f(14, list(str)).listOf('atomic'),
})
export type NodeStatus = TypeOf<typeof NodeStatus>

export const Node = kind(
  'Node',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, NodeSpec).always(),
    status: f(3, NodeStatus).always(),
  },
  {
    resource: {
      plural: 'nodes',
      singular: 'node',
      shortNames: ['no'],
      namespaced: false,
      verbs: allVerbs,
      subresources: {
        proxy: {
          verbs: ['create', 'delete', 'get', 'patch', 'update'],
          kind: { group: '', version: 'v1', kind: 'NodeProxyOptions' },
        },
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type Node = TypeOf<typeof Node>
