/** CRI v1: the runtime itself and its events. */
import { f } from '../../schema/field.ts'
import { bool, int32, int64, list, map, str, type TypeOf } from '../../schema/type.ts'
import { ContainerStatus } from './container-status-messages.ts'
import { message } from './package.ts'
import { PodSandboxStatus } from './sandbox-messages.ts'

export const VersionRequest = message('VersionRequest', {
  version: f(1, str),
})
export type VersionRequest = TypeOf<typeof VersionRequest>

export const VersionResponse = message('VersionResponse', {
  version: f(1, str),
  runtimeName: f(2, str),
  runtimeVersion: f(3, str),
  runtimeApiVersion: f(4, str),
})
export type VersionResponse = TypeOf<typeof VersionResponse>

export const StatusRequest = message('StatusRequest', {
  verbose: f(1, bool),
})
export type StatusRequest = TypeOf<typeof StatusRequest>

export const RuntimeCondition = message('RuntimeCondition', {
  type: f(1, str),
  status: f(2, bool),
  reason: f(3, str),
  message: f(4, str),
})
export type RuntimeCondition = TypeOf<typeof RuntimeCondition>

export const RuntimeStatus = message('RuntimeStatus', {
  conditions: f(1, list(RuntimeCondition)),
})
export type RuntimeStatus = TypeOf<typeof RuntimeStatus>

export const RuntimeHandlerFeatures = message('RuntimeHandlerFeatures', {
  recursiveReadOnlyMounts: f(1, bool),
  userNamespaces: f(2, bool),
})
export type RuntimeHandlerFeatures = TypeOf<typeof RuntimeHandlerFeatures>

export const RuntimeHandler = message('RuntimeHandler', {
  name: f(1, str),
  features: f(2, RuntimeHandlerFeatures),
})
export type RuntimeHandler = TypeOf<typeof RuntimeHandler>

export const RuntimeFeatures = message('RuntimeFeatures', {
  supplementalGroupsPolicy: f(1, bool),
  userNamespacesHostNetwork: f(2, bool),
  mountOptions: f(3, bool),
})
export type RuntimeFeatures = TypeOf<typeof RuntimeFeatures>

export const StatusResponse = message('StatusResponse', {
  status: f(1, RuntimeStatus),
  info: f(2, map(str)),
  runtimeHandlers: f(3, list(RuntimeHandler)),
  features: f(4, RuntimeFeatures),
})
export type StatusResponse = TypeOf<typeof StatusResponse>

export const NetworkConfig = message('NetworkConfig', {
  podCidr: f(1, str),
})
export type NetworkConfig = TypeOf<typeof NetworkConfig>

export const RuntimeConfig = message('RuntimeConfig', {
  networkConfig: f(1, NetworkConfig),
})
export type RuntimeConfig = TypeOf<typeof RuntimeConfig>

export const UpdateRuntimeConfigRequest = message('UpdateRuntimeConfigRequest', {
  runtimeConfig: f(1, RuntimeConfig),
})
export type UpdateRuntimeConfigRequest = TypeOf<typeof UpdateRuntimeConfigRequest>

export const RuntimeConfigRequest = message('RuntimeConfigRequest', {})
export type RuntimeConfigRequest = TypeOf<typeof RuntimeConfigRequest>

export const LinuxRuntimeConfiguration = message('LinuxRuntimeConfiguration', {
  cgroupDriver: f(1, int32),
})
export type LinuxRuntimeConfiguration = TypeOf<typeof LinuxRuntimeConfiguration>

export const RuntimeConfigResponse = message('RuntimeConfigResponse', {
  linux: f(1, LinuxRuntimeConfiguration),
})
export type RuntimeConfigResponse = TypeOf<typeof RuntimeConfigResponse>

export const GetEventsRequest = message('GetEventsRequest', {})
export type GetEventsRequest = TypeOf<typeof GetEventsRequest>

export const ContainerEventResponse = message('ContainerEventResponse', {
  containerId: f(1, str),
  containerEventType: f(2, int32),
  createdAt: f(3, int64),
  podSandboxStatus: f(4, PodSandboxStatus),
  containersStatuses: f(5, list(ContainerStatus)),
})
export type ContainerEventResponse = TypeOf<typeof ContainerEventResponse>
