/** CRI v1: usage of containers and sandboxes. */
import { f } from '../../schema/field.ts'
import { double, int64, list, map, str, type TypeOf, uint64 } from '../../schema/type.ts'
import { ContainerMetadata, FilesystemUsage, PodSandboxMetadata, UInt64Value } from './common-messages.ts'
import { message } from './package.ts'

export const ContainerStatsFilter = message('ContainerStatsFilter', {
  id: f(1, str),
  podSandboxId: f(2, str),
  labelSelector: f(3, map(str)),
})
export type ContainerStatsFilter = TypeOf<typeof ContainerStatsFilter>

export const ListContainerStatsRequest = message('ListContainerStatsRequest', {
  filter: f(1, ContainerStatsFilter),
})
export type ListContainerStatsRequest = TypeOf<typeof ListContainerStatsRequest>

export const ContainerAttributes = message('ContainerAttributes', {
  id: f(1, str),
  metadata: f(2, ContainerMetadata),
  labels: f(3, map(str)),
  annotations: f(4, map(str)),
})
export type ContainerAttributes = TypeOf<typeof ContainerAttributes>

export const PsiData = message('PsiData', {
  Total: f(1, uint64),
  Avg10: f(2, double),
  Avg60: f(3, double),
  Avg300: f(4, double),
})
export type PsiData = TypeOf<typeof PsiData>

export const PsiStats = message('PsiStats', {
  Full: f(1, PsiData),
  Some: f(2, PsiData),
})
export type PsiStats = TypeOf<typeof PsiStats>

export const CpuUsage = message('CpuUsage', {
  timestamp: f(1, int64),
  usageCoreNanoSeconds: f(2, UInt64Value),
  usageNanoCores: f(3, UInt64Value),
  psi: f(4, PsiStats),
})
export type CpuUsage = TypeOf<typeof CpuUsage>

export const MemoryUsage = message('MemoryUsage', {
  timestamp: f(1, int64),
  workingSetBytes: f(2, UInt64Value),
  availableBytes: f(3, UInt64Value),
  usageBytes: f(4, UInt64Value),
  rssBytes: f(5, UInt64Value),
  pageFaults: f(6, UInt64Value),
  majorPageFaults: f(7, UInt64Value),
  psi: f(8, PsiStats),
})
export type MemoryUsage = TypeOf<typeof MemoryUsage>

export const SwapUsage = message('SwapUsage', {
  timestamp: f(1, int64),
  swapAvailableBytes: f(2, UInt64Value),
  swapUsageBytes: f(3, UInt64Value),
})
export type SwapUsage = TypeOf<typeof SwapUsage>

export const IoUsage = message('IoUsage', {
  timestamp: f(1, int64),
  psi: f(2, PsiStats),
})
export type IoUsage = TypeOf<typeof IoUsage>

export const ContainerStats = message('ContainerStats', {
  attributes: f(1, ContainerAttributes),
  cpu: f(2, CpuUsage),
  memory: f(3, MemoryUsage),
  writableLayer: f(4, FilesystemUsage),
  swap: f(5, SwapUsage),
  io: f(6, IoUsage),
})
export type ContainerStats = TypeOf<typeof ContainerStats>

export const ListContainerStatsResponse = message('ListContainerStatsResponse', {
  stats: f(1, list(ContainerStats)),
})
export type ListContainerStatsResponse = TypeOf<typeof ListContainerStatsResponse>

export const PodSandboxStatsFilter = message('PodSandboxStatsFilter', {
  id: f(1, str),
  labelSelector: f(2, map(str)),
})
export type PodSandboxStatsFilter = TypeOf<typeof PodSandboxStatsFilter>

export const ListPodSandboxStatsRequest = message('ListPodSandboxStatsRequest', {
  filter: f(1, PodSandboxStatsFilter),
})
export type ListPodSandboxStatsRequest = TypeOf<typeof ListPodSandboxStatsRequest>

export const PodSandboxAttributes = message('PodSandboxAttributes', {
  id: f(1, str),
  metadata: f(2, PodSandboxMetadata),
  labels: f(3, map(str)),
  annotations: f(4, map(str)),
})
export type PodSandboxAttributes = TypeOf<typeof PodSandboxAttributes>

export const NetworkInterfaceUsage = message('NetworkInterfaceUsage', {
  name: f(1, str),
  rxBytes: f(2, UInt64Value),
  rxErrors: f(3, UInt64Value),
  txBytes: f(4, UInt64Value),
  txErrors: f(5, UInt64Value),
})
export type NetworkInterfaceUsage = TypeOf<typeof NetworkInterfaceUsage>

export const NetworkUsage = message('NetworkUsage', {
  timestamp: f(1, int64),
  defaultInterface: f(2, NetworkInterfaceUsage),
  interfaces: f(3, list(NetworkInterfaceUsage)),
})
export type NetworkUsage = TypeOf<typeof NetworkUsage>

export const ProcessUsage = message('ProcessUsage', {
  timestamp: f(1, int64),
  processCount: f(2, UInt64Value),
})
export type ProcessUsage = TypeOf<typeof ProcessUsage>

export const LinuxPodSandboxStats = message('LinuxPodSandboxStats', {
  cpu: f(1, CpuUsage),
  memory: f(2, MemoryUsage),
  network: f(3, NetworkUsage),
  process: f(4, ProcessUsage),
  containers: f(5, list(ContainerStats)),
  io: f(6, IoUsage),
})
export type LinuxPodSandboxStats = TypeOf<typeof LinuxPodSandboxStats>

export const PodSandboxStats = message('PodSandboxStats', {
  attributes: f(1, PodSandboxAttributes),
  linux: f(2, LinuxPodSandboxStats),
})
export type PodSandboxStats = TypeOf<typeof PodSandboxStats>

export const ListPodSandboxStatsResponse = message('ListPodSandboxStatsResponse', {
  stats: f(1, list(PodSandboxStats)),
})
export type ListPodSandboxStatsResponse = TypeOf<typeof ListPodSandboxStatsResponse>
