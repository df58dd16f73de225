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
    name: f(1, str).required().always(),
    priority: f(2, int32).explicit().required(),
  },
  { mapType: 'atomic' },
)
export type EvictionResponder = TypeOf<typeof EvictionResponder>

export const HostAlias = message('HostAlias', {
  ip: f(1, str).required().always(),
  hostnames: f(2, list(str)).listOf('atomic'),
})
export type HostAlias = TypeOf<typeof HostAlias>

export const PodDNSConfigOption = message('PodDNSConfigOption', {
  name: f(1, str),
  value: f(2, str).explicit(),
})
export type PodDNSConfigOption = TypeOf<typeof PodDNSConfigOption>

export const PodDNSConfig = message('PodDNSConfig', {
  nameservers: f(1, list(str)).listOf('atomic'),
  searches: f(2, list(str)).listOf('atomic'),
  options: f(3, list(PodDNSConfigOption)).listOf('atomic'),
})
export type PodDNSConfig = TypeOf<typeof PodDNSConfig>

export const PodOS = message('PodOS', {
  name: f(1, str).required().always(),
})
export type PodOS = TypeOf<typeof PodOS>

export const PodReadinessGate = message('PodReadinessGate', {
  conditionType: f(1, str).required().always(),
})
export type PodReadinessGate = TypeOf<typeof PodReadinessGate>

export const PodSchedulingGate = message('PodSchedulingGate', {
  name: f(1, str).required().always(),
})
export type PodSchedulingGate = TypeOf<typeof PodSchedulingGate>

export const PodSpec = message('PodSpec', {
  volumes: f(1, list(Volume)).listOf('map', 'name').patch('merge,retainKeys', 'name'),
  containers: f(2, list(Container)).explicit().required().listOf('map', 'name').patch('merge', 'name'),
  restartPolicy: f(3, oneOf('Always', 'Never', 'OnFailure')),
  terminationGracePeriodSeconds: f(4, int64).explicit(),
  activeDeadlineSeconds: f(5, int64).explicit(),
  dnsPolicy: f(6, oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None')),
  nodeSelector: f(7, map(str)).atomic(),
  serviceAccountName: f(8, str),
  serviceAccount: f(9, str),
  nodeName: f(10, str),
  hostNetwork: f(11, bool),
  hostPID: f(12, bool),
  hostIPC: f(13, bool),
  securityContext: f(14, PodSecurityContext),
  imagePullSecrets: f(15, list(LocalObjectReference)).listOf('map', 'name').patch('merge', 'name'),
  hostname: f(16, str),
  subdomain: f(17, str),
  affinity: f(18, Affinity),
  schedulerName: f(19, str),
  initContainers: f(20, list(Container)).listOf('map', 'name').patch('merge', 'name'),
  automountServiceAccountToken: f(21, bool).explicit(),
  tolerations: f(22, list(Toleration)).listOf('atomic'),
  hostAliases: f(23, list(HostAlias)).listOf('map', 'ip').patch('merge', 'ip'),
  priorityClassName: f(24, str),
  priority: f(25, int32).explicit(),
  dnsConfig: f(26, PodDNSConfig),
  shareProcessNamespace: f(27, bool).explicit(),
  readinessGates: f(28, list(PodReadinessGate)).listOf('atomic'),
  runtimeClassName: f(29, str).explicit(),
  enableServiceLinks: f(30, bool).explicit(),
  preemptionPolicy: f(31, oneOf('Never', 'PreemptLowerPriority')).explicit(),
  overhead: f(32, map(quantity)),
  topologySpreadConstraints: f(33, list(TopologySpreadConstraint))
    .listOf('map', 'topologyKey', 'whenUnsatisfiable')
    .patch('merge', 'topologyKey'),
  ephemeralContainers: f(34, list(EphemeralContainer)).listOf('map', 'name').patch('merge', 'name'),
  setHostnameAsFQDN: f(35, bool).explicit(),
  os: f(36, PodOS),
  hostUsers: f(37, bool).explicit(),
  schedulingGates: f(38, list(PodSchedulingGate)).listOf('map', 'name').patch('merge', 'name'),
  resourceClaims: f(39, list(PodResourceClaim)).listOf('map', 'name').patch('merge,retainKeys', 'name'),
  resources: f(40, ResourceRequirements),
  hostnameOverride: f(41, str).explicit(),
  schedulingGroup: f(43, PodSchedulingGroup),
  evictionResponders: f(44, list(EvictionResponder)).listOf('map', 'name').patch('merge', 'name'),
})
export type PodSpec = TypeOf<typeof PodSpec>

export const PodTemplateSpec = message('PodTemplateSpec', {
  metadata: f(1, ObjectMeta).always(),
  spec: f(2, PodSpec).always(),
})
export type PodTemplateSpec = TypeOf<typeof PodTemplateSpec>
