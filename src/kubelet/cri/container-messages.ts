/** CRI v1: containers, exec and attach. */
import { f } from '../../schema/field.ts'
import { binary, bool, int32, int64, list, map, str, type TypeOf } from '../../schema/type.ts'
import {
  ContainerMetadata,
  ImageSpec,
  Int64Value,
  LinuxContainerResources,
  NamespaceOption,
  SELinuxOption,
  SecurityProfile,
} from './common-messages.ts'
import { ContainerStatus, Mount } from './container-status-messages.ts'
import { message } from './package.ts'
import { PodSandboxConfig } from './sandbox-messages.ts'

export const KeyValue = message('KeyValue', {
  key: f(1, str),
  value: f(2, binary),
})
export type KeyValue = TypeOf<typeof KeyValue>

export const Device = message('Device', {
  containerPath: f(1, str),
  hostPath: f(2, str),
  permissions: f(3, str),
})
export type Device = TypeOf<typeof Device>

export const Capability = message('Capability', {
  addCapabilities: f(1, list(str)),
  dropCapabilities: f(2, list(str)),
  addAmbientCapabilities: f(3, list(str)),
})
export type Capability = TypeOf<typeof Capability>

export const LinuxContainerSecurityContext = message('LinuxContainerSecurityContext', {
  capabilities: f(1, Capability),
  privileged: f(2, bool),
  namespaceOptions: f(3, NamespaceOption),
  selinuxOptions: f(4, SELinuxOption),
  runAsUser: f(5, Int64Value),
  runAsGroup: f(12, Int64Value),
  runAsUsername: f(6, str),
  readonlyRootfs: f(7, bool),
  supplementalGroups: f(8, list(int64)),
  supplementalGroupsPolicy: f(17, int32),
  noNewPrivs: f(11, bool),
  maskedPaths: f(13, list(str)),
  readonlyPaths: f(14, list(str)),
  seccomp: f(15, SecurityProfile),
  apparmor: f(16, SecurityProfile),
  apparmorProfile: f(9, str),
  seccompProfilePath: f(10, str),
})
export type LinuxContainerSecurityContext = TypeOf<typeof LinuxContainerSecurityContext>

export const LinuxContainerConfig = message('LinuxContainerConfig', {
  resources: f(1, LinuxContainerResources),
  securityContext: f(2, LinuxContainerSecurityContext),
})
export type LinuxContainerConfig = TypeOf<typeof LinuxContainerConfig>

export const CDIDevice = message('CDIDevice', {
  name: f(1, str),
})
export type CDIDevice = TypeOf<typeof CDIDevice>

export const ContainerConfig = message('ContainerConfig', {
  metadata: f(1, ContainerMetadata),
  image: f(2, ImageSpec),
  command: f(3, list(str)),
  args: f(4, list(str)),
  workingDir: f(5, str),
  envs: f(6, list(KeyValue)),
  mounts: f(7, list(Mount)),
  devices: f(8, list(Device)),
  labels: f(9, map(str)),
  annotations: f(10, map(str)),
  logPath: f(11, str),
  stdin: f(12, bool),
  stdinOnce: f(13, bool),
  tty: f(14, bool),
  linux: f(15, LinuxContainerConfig),
  cdiDevices: f(17, list(CDIDevice)),
  stopSignal: f(18, int32),
})
export type ContainerConfig = TypeOf<typeof ContainerConfig>

export const CreateContainerRequest = message('CreateContainerRequest', {
  podSandboxId: f(1, str),
  config: f(2, ContainerConfig),
  sandboxConfig: f(3, PodSandboxConfig),
})
export type CreateContainerRequest = TypeOf<typeof CreateContainerRequest>

export const CreateContainerResponse = message('CreateContainerResponse', {
  containerId: f(1, str),
})
export type CreateContainerResponse = TypeOf<typeof CreateContainerResponse>

export const StartContainerRequest = message('StartContainerRequest', {
  containerId: f(1, str),
})
export type StartContainerRequest = TypeOf<typeof StartContainerRequest>

export const StopContainerRequest = message('StopContainerRequest', {
  containerId: f(1, str),
  timeout: f(2, int64),
})
export type StopContainerRequest = TypeOf<typeof StopContainerRequest>

export const RemoveContainerRequest = message('RemoveContainerRequest', {
  containerId: f(1, str),
})
export type RemoveContainerRequest = TypeOf<typeof RemoveContainerRequest>

export const ContainerStateValue = message('ContainerStateValue', {
  state: f(1, int32),
})
export type ContainerStateValue = TypeOf<typeof ContainerStateValue>

export const ContainerFilter = message('ContainerFilter', {
  id: f(1, str),
  state: f(2, ContainerStateValue),
  podSandboxId: f(3, str),
  labelSelector: f(4, map(str)),
})
export type ContainerFilter = TypeOf<typeof ContainerFilter>

export const ListContainersRequest = message('ListContainersRequest', {
  filter: f(1, ContainerFilter),
})
export type ListContainersRequest = TypeOf<typeof ListContainersRequest>

export const Container = message('Container', {
  id: f(1, str),
  podSandboxId: f(2, str),
  metadata: f(3, ContainerMetadata),
  image: f(4, ImageSpec),
  imageRef: f(5, str),
  state: f(6, int32),
  createdAt: f(7, int64),
  labels: f(8, map(str)),
  annotations: f(9, map(str)),
  imageId: f(10, str),
})
export type Container = TypeOf<typeof Container>

export const ListContainersResponse = message('ListContainersResponse', {
  containers: f(1, list(Container)),
})
export type ListContainersResponse = TypeOf<typeof ListContainersResponse>

export const ContainerStatusRequest = message('ContainerStatusRequest', {
  containerId: f(1, str),
  verbose: f(2, bool),
})
export type ContainerStatusRequest = TypeOf<typeof ContainerStatusRequest>

export const ContainerStatusResponse = message('ContainerStatusResponse', {
  status: f(1, ContainerStatus),
  info: f(2, map(str)),
})
export type ContainerStatusResponse = TypeOf<typeof ContainerStatusResponse>

export const UpdateContainerResourcesRequest = message('UpdateContainerResourcesRequest', {
  containerId: f(1, str),
  linux: f(2, LinuxContainerResources),
  annotations: f(4, map(str)),
})
export type UpdateContainerResourcesRequest = TypeOf<typeof UpdateContainerResourcesRequest>

export const ReopenContainerLogRequest = message('ReopenContainerLogRequest', {
  containerId: f(1, str),
})
export type ReopenContainerLogRequest = TypeOf<typeof ReopenContainerLogRequest>

export const ExecSyncRequest = message('ExecSyncRequest', {
  containerId: f(1, str),
  cmd: f(2, list(str)),
  timeout: f(3, int64),
})
export type ExecSyncRequest = TypeOf<typeof ExecSyncRequest>

export const ExecSyncResponse = message('ExecSyncResponse', {
  stdout: f(1, binary),
  stderr: f(2, binary),
  exitCode: f(3, int32),
})
export type ExecSyncResponse = TypeOf<typeof ExecSyncResponse>

export const ExecRequest = message('ExecRequest', {
  containerId: f(1, str),
  cmd: f(2, list(str)),
  tty: f(3, bool),
  stdin: f(4, bool),
  stdout: f(5, bool),
  stderr: f(6, bool),
})
export type ExecRequest = TypeOf<typeof ExecRequest>

export const ExecResponse = message('ExecResponse', {
  url: f(1, str),
})
export type ExecResponse = TypeOf<typeof ExecResponse>

export const AttachRequest = message('AttachRequest', {
  containerId: f(1, str),
  stdin: f(2, bool),
  tty: f(3, bool),
  stdout: f(4, bool),
  stderr: f(5, bool),
})
export type AttachRequest = TypeOf<typeof AttachRequest>

export const AttachResponse = message('AttachResponse', {
  url: f(1, str),
})
export type AttachResponse = TypeOf<typeof AttachResponse>
