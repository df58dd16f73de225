import { f } from '../../../schema/field.ts'
import { int64, list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { ContainerStatus } from './container-status.ts'
import { kind, message } from './package.ts'
import { PodSpec } from './pod-spec.ts'
import { PodExtendedResourceClaimStatus, PodResourceClaimStatus, ResourceRequirements } from './resources.ts'
import { VolumeHealthCondition } from './volume.ts'

export const HostIP = message('HostIP', {
  ip: f(1, str).required().always(),
})
export type HostIP = TypeOf<typeof HostIP>

export const NodeAllocatableMappedResources = message('NodeAllocatableMappedResources', {
  name: f(1, str).required().always(),
  quantity: f(2, quantity).explicit().required(),
})
export type NodeAllocatableMappedResources = TypeOf<typeof NodeAllocatableMappedResources>

export const NodeAllocatableOverheadResources = message('NodeAllocatableOverheadResources', {
  name: f(1, str).required().always(),
  perPod: f(2, quantity).explicit(),
  perContainer: f(3, quantity).explicit(),
})
export type NodeAllocatableOverheadResources = TypeOf<typeof NodeAllocatableOverheadResources>

export const NodeAllocatableResourceClaimStatus = message('NodeAllocatableResourceClaimStatus', {
  resourceClaimName: f(1, str).required().always(),
  containers: f(2, list(str)).listOf('set'),
  mapping: f(4, list(NodeAllocatableMappedResources)).listOf('map', 'name').patch('merge', 'name'),
  overhead: f(5, list(NodeAllocatableOverheadResources)).listOf('map', 'name').patch('merge', 'name'),
})
export type NodeAllocatableResourceClaimStatus = TypeOf<typeof NodeAllocatableResourceClaimStatus>

export const PodCondition = message('PodCondition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  lastProbeTime: f(3, time),
  lastTransitionTime: f(4, time),
  reason: f(5, str),
  message: f(6, str),
  observedGeneration: f(7, int64),
})
export type PodCondition = TypeOf<typeof PodCondition>

export const PodIP = message('PodIP', {
  ip: f(1, str).required().always(),
})
export type PodIP = TypeOf<typeof PodIP>

export const PodVolumeHealth = message('PodVolumeHealth', {
  name: f(1, str).required().always(),
  healthConditions: f(2, list(VolumeHealthCondition)).listOf('map', 'status', 'reason').patch('merge', 'status'),
  lastTransitionTime: f(3, time),
})
export type PodVolumeHealth = TypeOf<typeof PodVolumeHealth>

export const PodStatus = message('PodStatus', {
  phase: f(1, oneOf('Failed', 'Pending', 'Running', 'Succeeded', 'Unknown')),
  conditions: f(2, list(PodCondition)).listOf('map', 'type').patch('merge', 'type'),
  message: f(3, str),
  reason: f(4, str),
  hostIP: f(5, str),
  podIP: f(6, str),
  startTime: f(7, time).explicit(),
  containerStatuses: f(8, list(ContainerStatus)).listOf('atomic'),
  qosClass: f(9, oneOf('BestEffort', 'Burstable', 'Guaranteed')),
  initContainerStatuses: f(10, list(ContainerStatus)).listOf('atomic'),
  nominatedNodeName: f(11, str),
  podIPs: f(12, list(PodIP)).listOf('map', 'ip').patch('merge', 'ip'),
  ephemeralContainerStatuses: f(13, list(ContainerStatus)).listOf('atomic'),
  resize: f(14, str),
  resourceClaimStatuses: f(15, list(PodResourceClaimStatus)).listOf('map', 'name').patch('merge,retainKeys', 'name'),
  hostIPs: f(16, list(HostIP)).listOf('atomic').patch('merge', 'ip'),
  observedGeneration: f(17, int64),
  extendedResourceClaimStatus: f(18, PodExtendedResourceClaimStatus),
  allocatedResources: f(19, map(quantity)),
  resources: f(20, ResourceRequirements),
  nodeAllocatableResourceClaimStatuses: f(21, list(NodeAllocatableResourceClaimStatus))
    .listOf('map', 'resourceClaimName')
    .patch('merge', 'resourceClaimName'),
  volumeHealth: f(22, list(PodVolumeHealth)).listOf('map', 'name'),
})
export type PodStatus = TypeOf<typeof PodStatus>

export const Pod = kind(
  'Pod',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, PodSpec).always(),
    status: f(3, PodStatus).always(),
  },
  {
    resource: {
      plural: 'pods',
      singular: 'pod',
      shortNames: ['po'],
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        attach: { verbs: ['create', 'get'], kind: { group: '', version: 'v1', kind: 'PodAttachOptions' } },
        binding: { verbs: ['create'], kind: { group: '', version: 'v1', kind: 'Binding' } },
        ephemeralcontainers: { verbs: ['get', 'patch', 'update'] },
        eviction: { verbs: ['create'], kind: { group: 'policy', version: 'v1', kind: 'Eviction' } },
        exec: { verbs: ['create', 'get'], kind: { group: '', version: 'v1', kind: 'PodExecOptions' } },
        log: { verbs: ['get'] },
        portforward: { verbs: ['create', 'get'], kind: { group: '', version: 'v1', kind: 'PodPortForwardOptions' } },
        proxy: {
          verbs: ['create', 'delete', 'get', 'patch', 'update'],
          kind: { group: '', version: 'v1', kind: 'PodProxyOptions' },
        },
        resize: { verbs: ['get', 'patch', 'update'] },
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type Pod = TypeOf<typeof Pod>
