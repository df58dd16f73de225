/** CRI v1: the state of one container. */
import { f } from '../../schema/field.ts'
import { bool, int32, int64, list, map, str, type TypeOf } from '../../schema/type.ts'
import { ContainerMetadata, IDMapping, ImageSpec, LinuxContainerResources } from './common-messages.ts'
import { message } from './package.ts'

export const Mount = message('Mount', {
  containerPath: f(1, str),
  hostPath: f(2, str),
  readonly: f(3, bool),
  selinuxRelabel: f(4, bool),
  propagation: f(5, int32),
  uidMappings: f(6, list(IDMapping)),
  gidMappings: f(7, list(IDMapping)),
  recursiveReadOnly: f(8, bool),
  image: f(9, ImageSpec),
  imageSubPath: f(10, str),
  mountOptions: f(11, list(str)),
})
export type Mount = TypeOf<typeof Mount>

export const ContainerResources = message('ContainerResources', {
  linux: f(1, LinuxContainerResources),
})
export type ContainerResources = TypeOf<typeof ContainerResources>

export const LinuxContainerUser = message('LinuxContainerUser', {
  uid: f(1, int64),
  gid: f(2, int64),
  supplementalGroups: f(3, list(int64)),
})
export type LinuxContainerUser = TypeOf<typeof LinuxContainerUser>

export const ContainerUser = message('ContainerUser', {
  linux: f(1, LinuxContainerUser),
})
export type ContainerUser = TypeOf<typeof ContainerUser>

export const ContainerStatus = message('ContainerStatus', {
  id: f(1, str),
  metadata: f(2, ContainerMetadata),
  state: f(3, int32),
  createdAt: f(4, int64),
  startedAt: f(5, int64),
  finishedAt: f(6, int64),
  exitCode: f(7, int32),
  image: f(8, ImageSpec),
  imageRef: f(9, str),
  reason: f(10, str),
  message: f(11, str),
  labels: f(12, map(str)),
  annotations: f(13, map(str)),
  mounts: f(14, list(Mount)),
  logPath: f(15, str),
  resources: f(16, ContainerResources),
  imageId: f(17, str),
  user: f(18, ContainerUser),
  stopSignal: f(19, int32),
})
export type ContainerStatus = TypeOf<typeof ContainerStatus>
