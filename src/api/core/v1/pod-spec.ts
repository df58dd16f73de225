import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, map, oneOf, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { Affinity, Toleration, TopologySpreadConstraint } from './affinity.ts'
import { Container, EphemeralContainer } from './container.ts'
import { LocalObjectReference } from './object-reference.ts'
import { message } from './package.ts'
import { PodResourceClaim, PodSchedulingGroup, ResourceRequirements } from './resources.ts'
import { PodSecurityContext } from './security-context.ts'
import { Volume } from './volume.ts'

export const EvictionResponder = message(
  'EvictionResponder',
  {
    name: f(1, str).required().always().doc('Domain-prefixed name of the responder.'),
    priority: f(2, int32)
      .orNull()
      .explicit()
      .required()
      .doc('Order among responders; a higher number is asked earlier.'),
  },
  { doc: 'A component that wants to react before the pod is evicted (KEP-4563).', mapType: 'atomic' },
)
export type EvictionResponder = TypeOf<typeof EvictionResponder>

export const HostAlias = message(
  'HostAlias',
  {
    ip: f(1, str).required().always().doc('IP address of the line.'),
    hostnames: f(2, list(str)).listOf('atomic').doc('Names that resolve to the address.'),
  },
  { doc: 'One line that the kubelet adds to the hosts file of the pod.' },
)
export type HostAlias = TypeOf<typeof HostAlias>

export const PodDNSConfigOption = message(
  'PodDNSConfigOption',
  {
    name: f(1, str).doc('Name of the option, such as `ndots`.'),
    value: f(2, str).explicit().doc('Value behind the colon; unset for options that take none.'),
  },
  { doc: 'One `options` entry of the resolver configuration.' },
)
export type PodDNSConfigOption = TypeOf<typeof PodDNSConfigOption>

export const PodDNSConfig = message(
  'PodDNSConfig',
  {
    nameservers: f(1, list(str)).listOf('atomic').doc('IP addresses of DNS servers, appended to those of the policy.'),
    searches: f(2, list(str)).listOf('atomic').doc('Search domains, appended to those of the policy.'),
    options: f(3, list(PodDNSConfigOption))
      .listOf('atomic')
      .doc('Resolver options; they win over equally named ones of the policy.'),
  },
  { doc: 'Resolver settings that are merged with those of the DNS policy.' },
)
export type PodDNSConfig = TypeOf<typeof PodDNSConfig>

export const PodOS = message(
  'PodOS',
  {
    name: f(1, str)
      .go('v1.OSName')
      .required()
      .always()
      .doc('`linux` or `windows`; the kubelet refuses pods of another system.'),
  },
  { doc: 'The operating system that a pod is made for.' },
)
export type PodOS = TypeOf<typeof PodOS>

export const PodReadinessGate = message(
  'PodReadinessGate',
  {
    conditionType: f(1, str)
      .go('v1.PodConditionType')
      .required()
      .always()
      .doc('Type of the pod condition that must be `True`.'),
  },
  { doc: 'An extra condition that must hold before the pod counts as ready.' },
)
export type PodReadinessGate = TypeOf<typeof PodReadinessGate>

export const PodSchedulingGate = message(
  'PodSchedulingGate',
  {
    name: f(1, str).required().always().doc('Unique name of the gate within the pod.'),
  },
  { doc: 'A gate that holds the pod back from scheduling.' },
)
export type PodSchedulingGate = TypeOf<typeof PodSchedulingGate>

export const PodSpec = message(
  'PodSpec',
  {
    volumes: f(1, list(Volume))
      .listOf('map', 'name')
      .patch('merge,retainKeys', 'name')
      .doc('Volumes that containers of the pod may mount.'),
    containers: f(2, list(Container))
      .orNull()
      .explicit()
      .required()
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Containers of the pod, at least one; the list is fixed once created.'),
    restartPolicy: f(3, oneOf('Always', 'Never', 'OnFailure'))
      .go('v1.RestartPolicy')
      .doc('When stopped containers start again: `Always` (default), `OnFailure` or `Never`.'),
    terminationGracePeriodSeconds: f(4, int64)
      .explicit()
      .doc('Seconds between the stop signal and the kill; 30 by default, 0 kills at once.'),
    activeDeadlineSeconds: f(5, int64)
      .explicit()
      .doc('Seconds after its start at which the pod is stopped and marked failed.'),
    dnsPolicy: f(6, oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'))
      .go('v1.DNSPolicy')
      .doc('Where the resolver configuration comes from; `ClusterFirst` by default.'),
    nodeSelector: f(7, map(str)).atomic().doc('Labels that a node must have for the pod to be placed there.'),
    serviceAccountName: f(8, str).doc('Service account whose identity the pod has; `default` if unset.'),
    serviceAccount: f(9, str).doc('Old name of `serviceAccountName`, kept equal to it.'),
    nodeName: f(10, str).doc('Node that the pod is bound to; empty until it has been scheduled.'),
    hostNetwork: f(11, bool).doc('Use the network namespace of the node; ports must then be free there.'),
    hostPID: f(12, bool).doc('See and signal the processes of the node.'),
    hostIPC: f(13, bool).doc('Share System V IPC and POSIX queues with the node.'),
    securityContext: f(14, PodSecurityContext).doc('Security settings for the pod, and defaults for its containers.'),
    imagePullSecrets: f(15, list(LocalObjectReference))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Secrets of this namespace with registry credentials for pulling the images.'),
    hostname: f(16, str).doc('Host name of the pod; its own name by default.'),
    subdomain: f(17, str).doc(
      'Domain below the namespace: the pod is `hostname.subdomain.namespace.svc.<cluster domain>`.',
    ),
    affinity: f(18, Affinity).doc('Rules that attract the pod to nodes or to other pods, or keep it away.'),
    schedulerName: f(19, str).doc('Scheduler that places the pod; `default-scheduler` if unset.'),
    initContainers: f(20, list(Container))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Containers that run one after the other before the others start; sidecars stay running.'),
    automountServiceAccountToken: f(21, bool)
      .explicit()
      .doc('Whether a service account token is mounted; unset leaves it to the service account.'),
    tolerations: f(22, list(Toleration)).listOf('atomic').doc('Node taints that the pod puts up with.'),
    hostAliases: f(23, list(HostAlias))
      .listOf('map', 'ip')
      .patch('merge', 'ip')
      .doc('Additional lines for the hosts file of the pod.'),
    priorityClassName: f(24, str).doc('PriorityClass that gives the priority; empty takes the default class or 0.'),
    priority: f(25, int32)
      .explicit()
      .doc('Resolved priority, filled in on admission; a higher one is scheduled first and may preempt.'),
    dnsConfig: f(26, PodDNSConfig).doc('Resolver settings that add to or override those of the DNS policy.'),
    shareProcessNamespace: f(27, bool)
      .explicit()
      .doc("Let the containers of the pod see and signal each other's processes."),
    readinessGates: f(28, list(PodReadinessGate))
      .listOf('atomic')
      .doc('Further conditions that must be true for the pod to be ready.'),
    runtimeClassName: f(29, str)
      .explicit()
      .doc('RuntimeClass that names the runtime handler; unset means the default handler.'),
    enableServiceLinks: f(30, bool)
      .explicit()
      .doc('Whether the services of the namespace appear as environment variables; true by default.'),
    preemptionPolicy: f(31, oneOf('Never', 'PreemptLowerPriority'))
      .go('v1.PreemptionPolicy')
      .explicit()
      .doc('Whether the pod may displace others; filled in from the priority class.'),
    overhead: f(32, map(quantity))
      .go('v1.ResourceList')
      .doc('Resources that the sandbox itself needs, filled in from the RuntimeClass.'),
    topologySpreadConstraints: f(33, list(TopologySpreadConstraint))
      .listOf('map', 'topologyKey', 'whenUnsatisfiable')
      .patch('merge', 'topologyKey')
      .doc('How evenly matching pods are spread over zones, nodes or other domains; all must hold.'),
    ephemeralContainers: f(34, list(EphemeralContainer))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Temporary containers for debugging, added through the `ephemeralcontainers` subresource only.'),
    setHostnameAsFQDN: f(35, bool)
      .explicit()
      .doc("Make the kernel's host name the fully qualified one; false by default."),
    os: f(36, PodOS).doc('Operating system of the containers; decides which security fields are allowed.'),
    hostUsers: f(37, bool)
      .explicit()
      .doc('Whether to use the user namespace of the node, the default; false gives the pod its own.'),
    schedulingGates: f(38, list(PodSchedulingGate))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('While any is left the pod is not scheduled; after creation they can only be removed.'),
    resourceClaims: f(39, list(PodResourceClaim))
      .listOf('map', 'name')
      .patch('merge,retainKeys', 'name')
      .doc('Dynamic resource claims that must be allocated before the pod starts.'),
    resources: f(40, ResourceRequirements).doc('Requests and limits for the pod as a whole (KEP-2837).'),
    hostnameOverride: f(41, str)
      .explicit()
      .doc('Host name used literally, without DNS records; wins over `hostname` and `subdomain`.'),
    schedulingGroup: f(43, PodSchedulingGroup)
      .gate('GenericWorkload')
      .doc('Group of pods that the scheduler considers together.'),
    evictionResponders: f(44, list(EvictionResponder))
      .gate('EvictionRequestAPI')
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Components that may act before the pod is evicted.'),
  },
  { doc: 'What a pod should run, and how and where.' },
)
export type PodSpec = TypeOf<typeof PodSpec>

export const PodTemplateSpec = message(
  'PodTemplateSpec',
  {
    metadata: f(1, ObjectMeta).always().doc('Labels, annotations and finalizers that each pod gets.'),
    spec: f(2, PodSpec).always().doc('Specification that each pod gets.'),
  },
  { doc: 'The pattern from which a controller makes pods.' },
)
export type PodTemplateSpec = TypeOf<typeof PodTemplateSpec>
