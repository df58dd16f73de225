/** CRI v1: pod sandboxes. */
import { f } from '../../schema/field.ts'
import { bool, int32, int64, list, map, str, type TypeOf } from '../../schema/type.ts'
import {
  Int64Value,
  LinuxContainerResources,
  NamespaceOption,
  PodSandboxMetadata,
  SELinuxOption,
  SecurityProfile,
} from './common-messages.ts'
import { ContainerStatus } from './container-status-messages.ts'
import { message } from './package.ts'

export const DNSConfig = message('DNSConfig', {
  servers: f(1, list(str)),
  searches: f(2, list(str)),
  options: f(3, list(str)),
})
export type DNSConfig = TypeOf<typeof DNSConfig>

export const PortMapping = message('PortMapping', {
  protocol: f(1, int32),
  containerPort: f(2, int32),
  hostPort: f(3, int32),
  hostIp: f(4, str),
})
export type PortMapping = TypeOf<typeof PortMapping>

export const LinuxSandboxSecurityContext = message('LinuxSandboxSecurityContext', {
  namespaceOptions: f(1, NamespaceOption),
  selinuxOptions: f(2, SELinuxOption),
  runAsUser: f(3, Int64Value),
  runAsGroup: f(8, Int64Value),
  readonlyRootfs: f(4, bool),
  supplementalGroups: f(5, list(int64)),
  supplementalGroupsPolicy: f(11, int32),
  privileged: f(6, bool),
  seccomp: f(9, SecurityProfile),
  apparmor: f(10, SecurityProfile),
  seccompProfilePath: f(7, str),
})
export type LinuxSandboxSecurityContext = TypeOf<typeof LinuxSandboxSecurityContext>

export const LinuxPodSandboxConfig = message('LinuxPodSandboxConfig', {
  cgroupParent: f(1, str),
  securityContext: f(2, LinuxSandboxSecurityContext),
  sysctls: f(3, map(str)),
  overhead: f(4, LinuxContainerResources),
  resources: f(5, LinuxContainerResources),
})
export type LinuxPodSandboxConfig = TypeOf<typeof LinuxPodSandboxConfig>

export const PodSandboxConfig = message('PodSandboxConfig', {
  metadata: f(1, PodSandboxMetadata),
  hostname: f(2, str),
  logDirectory: f(3, str),
  dnsConfig: f(4, DNSConfig),
  portMappings: f(5, list(PortMapping)),
  labels: f(6, map(str)),
  annotations: f(7, map(str)),
  linux: f(8, LinuxPodSandboxConfig),
})
export type PodSandboxConfig = TypeOf<typeof PodSandboxConfig>

export const RunPodSandboxRequest = message('RunPodSandboxRequest', {
  config: f(1, PodSandboxConfig),
  runtimeHandler: f(2, str),
})
export type RunPodSandboxRequest = TypeOf<typeof RunPodSandboxRequest>

export const RunPodSandboxResponse = message('RunPodSandboxResponse', {
  podSandboxId: f(1, str),
})
export type RunPodSandboxResponse = TypeOf<typeof RunPodSandboxResponse>

export const StopPodSandboxRequest = message('StopPodSandboxRequest', {
  podSandboxId: f(1, str),
})
export type StopPodSandboxRequest = TypeOf<typeof StopPodSandboxRequest>

export const RemovePodSandboxRequest = message('RemovePodSandboxRequest', {
  podSandboxId: f(1, str),
})
export type RemovePodSandboxRequest = TypeOf<typeof RemovePodSandboxRequest>

export const UpdatePodSandboxResourcesRequest = message('UpdatePodSandboxResourcesRequest', {
  podSandboxId: f(1, str),
  overhead: f(2, LinuxContainerResources),
  resources: f(3, LinuxContainerResources),
})
export type UpdatePodSandboxResourcesRequest = TypeOf<typeof UpdatePodSandboxResourcesRequest>

export const PodSandboxStatusRequest = message('PodSandboxStatusRequest', {
  podSandboxId: f(1, str),
  verbose: f(2, bool),
})
export type PodSandboxStatusRequest = TypeOf<typeof PodSandboxStatusRequest>

export const PodIP = message('PodIP', {
  ip: f(1, str),
})
export type PodIP = TypeOf<typeof PodIP>

export const PodSandboxNetworkStatus = message('PodSandboxNetworkStatus', {
  ip: f(1, str),
  additionalIps: f(2, list(PodIP)),
})
export type PodSandboxNetworkStatus = TypeOf<typeof PodSandboxNetworkStatus>

export const Namespace = message('Namespace', {
  options: f(2, NamespaceOption),
})
export type Namespace = TypeOf<typeof Namespace>

export const LinuxPodSandboxStatus = message('LinuxPodSandboxStatus', {
  namespaces: f(1, Namespace),
})
export type LinuxPodSandboxStatus = TypeOf<typeof LinuxPodSandboxStatus>

export const PodSandboxStatus = message('PodSandboxStatus', {
  id: f(1, str),
  metadata: f(2, PodSandboxMetadata),
  state: f(3, int32),
  createdAt: f(4, int64),
  network: f(5, PodSandboxNetworkStatus),
  linux: f(6, LinuxPodSandboxStatus),
  labels: f(7, map(str)),
  annotations: f(8, map(str)),
  runtimeHandler: f(9, str),
})
export type PodSandboxStatus = TypeOf<typeof PodSandboxStatus>

export const PodSandboxStatusResponse = message('PodSandboxStatusResponse', {
  status: f(1, PodSandboxStatus),
  info: f(2, map(str)),
  containersStatuses: f(3, list(ContainerStatus)),
  timestamp: f(4, int64),
})
export type PodSandboxStatusResponse = TypeOf<typeof PodSandboxStatusResponse>

export const PodSandboxStateValue = message('PodSandboxStateValue', {
  state: f(1, int32),
})
export type PodSandboxStateValue = TypeOf<typeof PodSandboxStateValue>

export const PodSandboxFilter = message('PodSandboxFilter', {
  id: f(1, str),
  state: f(2, PodSandboxStateValue),
  labelSelector: f(3, map(str)),
})
export type PodSandboxFilter = TypeOf<typeof PodSandboxFilter>

export const ListPodSandboxRequest = message('ListPodSandboxRequest', {
  filter: f(1, PodSandboxFilter),
})
export type ListPodSandboxRequest = TypeOf<typeof ListPodSandboxRequest>

export const PodSandbox = message('PodSandbox', {
  id: f(1, str),
  metadata: f(2, PodSandboxMetadata),
  state: f(3, int32),
  createdAt: f(4, int64),
  labels: f(5, map(str)),
  annotations: f(6, map(str)),
  runtimeHandler: f(7, str),
})
export type PodSandbox = TypeOf<typeof PodSandbox>

export const ListPodSandboxResponse = message('ListPodSandboxResponse', {
  items: f(1, list(PodSandbox)),
})
export type ListPodSandboxResponse = TypeOf<typeof ListPodSandboxResponse>

export const PortForwardRequest = message('PortForwardRequest', {
  podSandboxId: f(1, str),
  port: f(2, list(int32)),
})
export type PortForwardRequest = TypeOf<typeof PortForwardRequest>

export const PortForwardResponse = message('PortForwardResponse', {
  url: f(1, str),
})
export type PortForwardResponse = TypeOf<typeof PortForwardResponse>
