/** CRI v1: what several messages share. Tags from k8s.io/cri-api runtime/v1; protobuf enums are numbers, named in `enums.ts`. */
import { f } from '../../schema/field.ts'
import { int32, int64, list, map, str, type TypeOf, uint32, uint64 } from '../../schema/type.ts'
import { message } from './package.ts'

export const PodSandboxMetadata = message('PodSandboxMetadata', {
  name: f(1, str),
  uid: f(2, str),
  namespace: f(3, str),
  attempt: f(4, uint32),
})
export type PodSandboxMetadata = TypeOf<typeof PodSandboxMetadata>

export const IDMapping = message('IDMapping', {
  hostId: f(1, uint32),
  containerId: f(2, uint32),
  length: f(3, uint32),
})
export type IDMapping = TypeOf<typeof IDMapping>

export const UserNamespace = message('UserNamespace', {
  mode: f(1, int32),
  uids: f(2, list(IDMapping)),
  gids: f(3, list(IDMapping)),
})
export type UserNamespace = TypeOf<typeof UserNamespace>

export const NamespaceOption = message('NamespaceOption', {
  network: f(1, int32),
  pid: f(2, int32),
  ipc: f(3, int32),
  targetId: f(4, str),
  usernsOptions: f(5, UserNamespace),
})
export type NamespaceOption = TypeOf<typeof NamespaceOption>

export const SELinuxOption = message('SELinuxOption', {
  user: f(1, str),
  role: f(2, str),
  type: f(3, str),
  level: f(4, str),
})
export type SELinuxOption = TypeOf<typeof SELinuxOption>

export const Int64Value = message('Int64Value', {
  value: f(1, int64),
})
export type Int64Value = TypeOf<typeof Int64Value>

export const SecurityProfile = message('SecurityProfile', {
  profileType: f(1, int32),
  localhostRef: f(2, str),
})
export type SecurityProfile = TypeOf<typeof SecurityProfile>

export const HugepageLimit = message('HugepageLimit', {
  pageSize: f(1, str),
  limit: f(2, uint64),
})
export type HugepageLimit = TypeOf<typeof HugepageLimit>

export const LinuxContainerResources = message('LinuxContainerResources', {
  cpuPeriod: f(1, int64),
  cpuQuota: f(2, int64),
  cpuShares: f(3, int64),
  memoryLimitInBytes: f(4, int64),
  oomScoreAdj: f(5, int64),
  cpusetCpus: f(6, str),
  cpusetMems: f(7, str),
  hugepageLimits: f(8, list(HugepageLimit)),
  unified: f(9, map(str)),
  memorySwapLimitInBytes: f(10, int64),
})
export type LinuxContainerResources = TypeOf<typeof LinuxContainerResources>

export const ContainerMetadata = message('ContainerMetadata', {
  name: f(1, str),
  attempt: f(2, uint32),
})
export type ContainerMetadata = TypeOf<typeof ContainerMetadata>

export const ImageSpec = message('ImageSpec', {
  image: f(1, str),
  annotations: f(2, map(str)),
  userSpecifiedImage: f(18, str),
  runtimeHandler: f(19, str),
  imageRef: f(20, str),
})
export type ImageSpec = TypeOf<typeof ImageSpec>

export const FilesystemIdentifier = message('FilesystemIdentifier', {
  mountpoint: f(1, str),
})
export type FilesystemIdentifier = TypeOf<typeof FilesystemIdentifier>

export const UInt64Value = message('UInt64Value', {
  value: f(1, uint64),
})
export type UInt64Value = TypeOf<typeof UInt64Value>

export const FilesystemUsage = message('FilesystemUsage', {
  timestamp: f(1, int64),
  fsId: f(2, FilesystemIdentifier),
  usedBytes: f(3, UInt64Value),
  inodesUsed: f(4, UInt64Value),
})
export type FilesystemUsage = TypeOf<typeof FilesystemUsage>
