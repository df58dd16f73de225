import { f } from '../../../schema/field.ts'
import { int64, list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { ContainerStatus } from './container-status.ts'
import { kind, message } from './package.ts'
import { PodSpec } from './pod-spec.ts'
import { PodExtendedResourceClaimStatus, PodResourceClaimStatus, ResourceRequirements } from './resources.ts'
import { VolumeHealthCondition } from './volume.ts'

export const HostIP = message(
  'HostIP',
  {
    ip: f(1, str).required().always().doc('The address.'),
  },
  { doc: 'An IP address of the node.' },
)
export type HostIP = TypeOf<typeof HostIP>

export const NodeAllocatableMappedResources = message(
  'NodeAllocatableMappedResources',
  {
    name: f(1, str).go('v1.ResourceName').required().always().doc('Native resource, such as `cpu` or `memory`.'),
    quantity: f(2, quantity).orNull().explicit().required().doc('Amount accounted to the claim.'),
  },
  { doc: 'Amount of a native resource that allocated devices stand for (KEP-5517).' },
)
export type NodeAllocatableMappedResources = TypeOf<typeof NodeAllocatableMappedResources>

export const NodeAllocatableOverheadResources = message(
  'NodeAllocatableOverheadResources',
  {
    name: f(1, str).go('v1.ResourceName').required().always().doc('Native resource, such as `memory`.'),
    perPod: f(2, quantity).explicit().doc('Amount taken once for the pod.'),
    perContainer: f(3, quantity).explicit().doc('Amount taken for each container that refers to the claim.'),
  },
  { doc: 'Native resources that allocated devices need on the side (KEP-5517).' },
)
export type NodeAllocatableOverheadResources = TypeOf<typeof NodeAllocatableOverheadResources>

export const NodeAllocatableResourceClaimStatus = message(
  'NodeAllocatableResourceClaimStatus',
  {
    resourceClaimName: f(1, str).required().always().doc('Name of the resource claim.'),
    containers: f(2, list(str)).listOf('set').doc('Containers of the pod that refer to the claim.'),
    mapping: f(4, list(NodeAllocatableMappedResources))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Native resources that the devices themselves provide.'),
    overhead: f(5, list(NodeAllocatableOverheadResources))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Native resources that the devices need in addition.'),
  },
  { doc: 'Native resources of the node that one resource claim takes up (KEP-5517).' },
)
export type NodeAllocatableResourceClaimStatus = TypeOf<typeof NodeAllocatableResourceClaimStatus>

export const PodCondition = message(
  'PodCondition',
  {
    type: f(1, str)
      .go('v1.PodConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `Ready` or `PodScheduled`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastProbeTime: f(3, time).orNull().doc('When the condition was last checked.'),
    lastTransitionTime: f(4, time).orNull().doc('When the status last changed.'),
    reason: f(5, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(6, str).doc('Details of the last change for people.'),
    observedGeneration: f(7, int64).doc('Generation of the pod to which the condition refers.'),
  },
  { doc: 'One observed aspect of the state of a pod.' },
)
export type PodCondition = TypeOf<typeof PodCondition>

export const PodIP = message(
  'PodIP',
  {
    ip: f(1, str).required().always().doc('The address.'),
  },
  { doc: 'An IP address of a pod.' },
)
export type PodIP = TypeOf<typeof PodIP>

export const PodVolumeHealth = message(
  'PodVolumeHealth',
  {
    name: f(1, str).required().always().doc('Name of the volume in the pod.'),
    healthConditions: f(2, list(VolumeHealthCondition))
      .listOf('map', 'status', 'reason')
      .patch('merge', 'status')
      .doc('Problems reported; none means healthy.'),
    lastTransitionTime: f(3, time).orNull().doc('When the problems last changed.'),
  },
  { doc: 'What the storage driver reports about a volume of the pod (KEP-1432).' },
)
export type PodVolumeHealth = TypeOf<typeof PodVolumeHealth>

export const PodStatus = message(
  'PodStatus',
  {
    phase: f(1, oneOf('Failed', 'Pending', 'Running', 'Succeeded', 'Unknown'))
      .go('v1.PodPhase')
      .doc('Rough summary of the life of the pod.'),
    conditions: f(2, list(PodCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
    message: f(3, str).doc('Why the pod is in this state, for people.'),
    reason: f(4, str).doc('Why the pod is in this state, one word such as `Evicted`.'),
    hostIP: f(5, str).doc('IP address of the node.'),
    podIP: f(6, str).doc('First IP address of the pod; empty until it has one.'),
    startTime: f(7, time).explicit().doc('When the kubelet took up the pod, before it pulled any image.'),
    containerStatuses: f(8, list(ContainerStatus)).listOf('atomic').doc('State of each container.'),
    qosClass: f(9, oneOf('BestEffort', 'Burstable', 'Guaranteed'))
      .go('v1.PodQOSClass')
      .doc('Class of service, from requests and limits; decides who is evicted first.'),
    initContainerStatuses: f(10, list(ContainerStatus)).listOf('atomic').doc('State of each init container.'),
    nominatedNodeName: f(11, str).doc('Node where the scheduler makes room by preemption for this pod.'),
    podIPs: f(12, list(PodIP))
      .listOf('map', 'ip')
      .patch('merge', 'ip')
      .doc('IP addresses of the pod, at most one per IP family.'),
    ephemeralContainerStatuses: f(13, list(ContainerStatus)).listOf('atomic').doc('State of each ephemeral container.'),
    resize: f(14, str)
      .go('v1.PodResizeStatus')
      .doc('Progress of a resize; replaced by the conditions `PodResizePending` and `PodResizeInProgress`.'),
    resourceClaimStatuses: f(15, list(PodResourceClaimStatus))
      .listOf('map', 'name')
      .patch('merge,retainKeys', 'name')
      .doc('Which resource claim each entry of `spec.resourceClaims` has got.'),
    hostIPs: f(16, list(HostIP))
      .listOf('atomic')
      .patch('merge', 'ip')
      .doc('IP addresses of the node, the first equal to `hostIP`.'),
    observedGeneration: f(17, int64).doc('Generation of the specification that this status reflects.'),
    extendedResourceClaimStatus: f(18, PodExtendedResourceClaimStatus).doc(
      'Claim made for extended resources that devices provide.',
    ),
    allocatedResources: f(19, map(quantity))
      .go('v1.ResourceList')
      .doc('Pod-level resources that the node has set aside.'),
    resources: f(20, ResourceRequirements).doc('Pod-level requests and limits now in force.'),
    nodeAllocatableResourceClaimStatuses: f(21, list(NodeAllocatableResourceClaimStatus))
      .gate('DRANodeAllocatableResources')
      .listOf('map', 'resourceClaimName')
      .patch('merge', 'resourceClaimName')
      .doc('Native resources that resource claims of the pod take up on the node.'),
    volumeHealth: f(22, list(PodVolumeHealth))
      .gate('CSIVolumeHealth')
      .listOf('map', 'name')
      .doc('Problems of volumes that storage drivers have reported.'),
  },
  { doc: 'What was last observed of a pod, mostly by its kubelet.' },
)
export type PodStatus = TypeOf<typeof PodStatus>

export const Pod = kind(
  'Pod',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, PodSpec).always().doc('What should run.'),
    status: f(3, PodStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'A group of containers that run together on one node and share network and volumes.',
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
