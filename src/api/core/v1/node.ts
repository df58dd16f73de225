import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { Taint } from './affinity.ts'
import { kind, message } from './package.ts'

export const AttachedVolume = message(
  'AttachedVolume',
  {
    name: f(1, str).go('v1.UniqueVolumeName').required().always().doc('Unique name of the volume.'),
    devicePath: f(2, str).required().always().doc('Path under which the volume is available on the node.'),
  },
  { doc: 'A volume that is attached to a node.' },
)
export type AttachedVolume = TypeOf<typeof AttachedVolume>

export const ConfigMapNodeConfigSource = message(
  'ConfigMapNodeConfigSource',
  {
    namespace: f(1, str).required().always().doc('Namespace of the config map.'),
    name: f(2, str).required().always().doc('Name of the config map.'),
    uid: f(3, str).go('types.UID').doc('UID of the config map.'),
    resourceVersion: f(4, str).doc('Version of the config map.'),
    kubeletConfigKey: f(5, str).required().always().doc("Key that holds the kubelet's configuration."),
  },
  { doc: "A config map with the kubelet's configuration; no longer in use." },
)
export type ConfigMapNodeConfigSource = TypeOf<typeof ConfigMapNodeConfigSource>

export const ContainerImage = message(
  'ContainerImage',
  {
    names: f(1, list(str))
      .orNull()
      .explicit()
      .listOf('atomic')
      .doc('Names by which the image is known, with digest or tag.'),
    sizeBytes: f(2, int64).doc('Size of the image in bytes.'),
  },
  { doc: 'An image that is present on a node.' },
)
export type ContainerImage = TypeOf<typeof ContainerImage>

export const DaemonEndpoint = message(
  'DaemonEndpoint',
  {
    Port: f(1, int32).required().always().doc('Port on which the daemon listens.'),
  },
  { doc: 'The port of a daemon on a node.' },
)
export type DaemonEndpoint = TypeOf<typeof DaemonEndpoint>

export const NodeConfigSource = message(
  'NodeConfigSource',
  {
    configMap: f(2, ConfigMapNodeConfigSource).doc('Config map that holds it.'),
  },
  { doc: "A source of the kubelet's configuration; no longer in use." },
)
export type NodeConfigSource = TypeOf<typeof NodeConfigSource>

export const NodePodPreemptionPolicy = message(
  'NodePodPreemptionPolicy',
  {
    disableResizePreemption: f(1, list(str))
      .listOf('set')
      .doc('Who asks that resizes do not preempt pods; off while the list is not empty, 20 at most.'),
  },
  { doc: 'Which preemption is switched off on a node (KEP-5836).' },
)
export type NodePodPreemptionPolicy = TypeOf<typeof NodePodPreemptionPolicy>

export const NodeSpec = message(
  'NodeSpec',
  {
    podCIDR: f(1, str).doc('Network from which the pods of the node get addresses.'),
    externalID: f(2, str).doc('No longer used.'),
    providerID: f(3, str).doc('Identifier of the machine at its provider, as `<provider>://<id>`.'),
    unschedulable: f(4, bool).doc('Whether new pods are kept off the node, as `kubectl cordon` does.'),
    taints: f(5, list(Taint)).listOf('atomic').doc('Marks that keep pods away which do not tolerate them.'),
    configSource: f(6, NodeConfigSource).gate('DynamicKubeletConfig').doc('No longer used.'),
    podCIDRs: f(7, list(str))
      .listOf('set')
      .patch('merge')
      .doc('Pod networks of the node, at most one for each IP family; the first equals `podCIDR`.'),
    podPreemptionPolicy: f(8, NodePodPreemptionPolicy)
      .gate('PodPreemptionPolicy')
      .doc('Which preemption is switched off on the node.'),
  },
  { doc: 'What is wanted of a node.' },
)
export type NodeSpec = TypeOf<typeof NodeSpec>

export const NodeAddress = message(
  'NodeAddress',
  {
    type: f(1, str)
      .go('v1.NodeAddressType')
      .required()
      .always()
      .doc('`Hostname`, `InternalIP`, `ExternalIP`, `InternalDNS` or `ExternalDNS`.'),
    address: f(2, str).required().always().doc('The address or name.'),
  },
  { doc: 'An address of a node.' },
)
export type NodeAddress = TypeOf<typeof NodeAddress>

export const NodeCondition = message(
  'NodeCondition',
  {
    type: f(1, str)
      .go('v1.NodeConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `Ready` or `MemoryPressure`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastHeartbeatTime: f(3, time).orNull().doc('When the condition was last reported.'),
    lastTransitionTime: f(4, time).orNull().doc('When the status last changed.'),
    reason: f(5, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(6, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a node.' },
)
export type NodeCondition = TypeOf<typeof NodeCondition>

export const NodeConfigStatus = message(
  'NodeConfigStatus',
  {
    assigned: f(1, NodeConfigSource).doc('Source that the kubelet shall use next.'),
    active: f(2, NodeConfigSource).doc('Source that the kubelet uses.'),
    lastKnownGood: f(3, NodeConfigSource).doc('Source to fall back to.'),
    error: f(4, str).doc('What is wrong with the assigned source.'),
  },
  { doc: "State of the kubelet's configuration; no longer in use." },
)
export type NodeConfigStatus = TypeOf<typeof NodeConfigStatus>

export const NodeDaemonEndpoints = message(
  'NodeDaemonEndpoints',
  {
    kubeletEndpoint: f(1, DaemonEndpoint).always().doc('Port of the kubelet.'),
  },
  { doc: 'Ports of the daemons on a node.' },
)
export type NodeDaemonEndpoints = TypeOf<typeof NodeDaemonEndpoints>

export const NodeFeatures = message(
  'NodeFeatures',
  {
    supplementalGroupsPolicy: f(1, bool)
      .explicit()
      .doc('Whether `supplementalGroupsPolicy` and container users are supported.'),
  },
  { doc: 'What the container runtime of a node supports.' },
)
export type NodeFeatures = TypeOf<typeof NodeFeatures>

export const NodeRuntimeHandlerFeatures = message(
  'NodeRuntimeHandlerFeatures',
  {
    recursiveReadOnlyMounts: f(1, bool).explicit().doc('Whether mounts can be read-only recursively.'),
    userNamespaces: f(2, bool).explicit().doc('Whether pods can have user namespaces of their own.'),
  },
  { doc: 'What a runtime handler supports.' },
)
export type NodeRuntimeHandlerFeatures = TypeOf<typeof NodeRuntimeHandlerFeatures>

export const NodeRuntimeHandler = message(
  'NodeRuntimeHandler',
  {
    name: f(1, str).always().doc('Name of the handler; empty for the default one.'),
    features: f(2, NodeRuntimeHandlerFeatures).doc('What it supports.'),
  },
  { doc: 'A handler of the container runtime.' },
)
export type NodeRuntimeHandler = TypeOf<typeof NodeRuntimeHandler>

export const NodeSwapStatus = message(
  'NodeSwapStatus',
  {
    capacity: f(1, int64).explicit().doc('Size in bytes.'),
  },
  { doc: 'Swap space of a node.' },
)
export type NodeSwapStatus = TypeOf<typeof NodeSwapStatus>

export const NodeSystemInfo = message(
  'NodeSystemInfo',
  {
    machineID: f(1, str).required().always().doc('Machine ID, from `/etc/machine-id`.'),
    systemUUID: f(2, str).required().always().doc('UUID of the hardware.'),
    bootID: f(3, str).required().always().doc('ID that changes with every boot.'),
    kernelVersion: f(4, str).required().always().doc('Version of the kernel.'),
    osImage: f(5, str).required().always().doc('Name of the operating system with its version.'),
    containerRuntimeVersion: f(6, str).required().always().doc('Runtime and its version, as `containerd://2.1.0`.'),
    kubeletVersion: f(7, str).required().always().doc('Version of the kubelet.'),
    kubeProxyVersion: f(8, str).required().always().doc("No longer used; the kubelet's version or empty."),
    operatingSystem: f(9, str).required().always().doc('`linux` or `windows`.'),
    architecture: f(10, str).required().always().doc('Processor architecture, as `amd64`.'),
    swap: f(11, NodeSwapStatus).doc('Swap space of the node.'),
    runningInUserNamespace: f(12, bool).explicit().doc('Whether the kubelet runs inside a user namespace.'),
  },
  { doc: 'Facts about the machine and its software.' },
)
export type NodeSystemInfo = TypeOf<typeof NodeSystemInfo>

export const NodeStatus = message(
  'NodeStatus',
  {
    capacity: f(1, map(quantity)).go('v1.ResourceList').doc('Resources of the whole machine.'),
    allocatable: f(2, map(quantity)).go('v1.ResourceList').doc('Resources that pods can have.'),
    phase: f(3, oneOf('Pending', 'Running', 'Terminated'))
      .go('v1.NodePhase')
      .doc('No longer used.'),
    conditions: f(4, list(NodeCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
    addresses: f(5, list(NodeAddress))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Addresses and names of the node.'),
    daemonEndpoints: f(6, NodeDaemonEndpoints).always().doc('Ports of the daemons on the node.'),
    nodeInfo: f(7, NodeSystemInfo).always().doc('Facts about machine and software.'),
    images: f(8, list(ContainerImage))
      .listOf('atomic')
      .doc('Images that are present, the largest first; their number is limited.'),
    volumesInUse: f(9, list(str))
      .go('v1.UniqueVolumeName')
      .listOf('atomic')
      .doc('Attached volumes that are in use and may not be detached.'),
    volumesAttached: f(10, list(AttachedVolume)).listOf('atomic').doc('Volumes that are attached.'),
    config: f(11, NodeConfigStatus).gate('DynamicKubeletConfig').doc('No longer used.'),
    runtimeHandlers: f(12, list(NodeRuntimeHandler)).listOf('atomic').doc('Handlers of the container runtime.'),
    features: f(13, NodeFeatures).doc('What the container runtime supports.'),
    declaredFeatures: f(14, list(str))
      .listOf('atomic')
      .doc('Features of the kubelet that the scheduler takes into account (KEP-5328).'),
  },
  { doc: 'What was last observed of a node, mostly by its kubelet.' },
)
export type NodeStatus = TypeOf<typeof NodeStatus>

export const Node = kind(
  'Node',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, NodeSpec).always().doc('What is wanted of the node.'),
    status: f(3, NodeStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'A machine that runs pods.',
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
