/** CSI v1, the node's part, and the registration of plugins with the kubelet (kubelet's pluginregistration/v1). */
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { bool, int32, int64, list, map, str, type TypeOf } from '../../schema/type.ts'

const registration = messagesOf('pluginregistration')
const csi = messagesOf('csi.v1')

export const InfoRequest = registration('InfoRequest', {})
export const PluginInfo = registration('PluginInfo', {
  type: f(1, str),
  name: f(2, str),
  endpoint: f(3, str),
  supportedVersions: f(4, list(str)),
})
export const RegistrationStatus = registration('RegistrationStatus', {
  pluginRegistered: f(1, bool),
  error: f(2, str),
})

export const BlockVolume = csi('BlockVolume', {})
export const MountVolume = csi('MountVolume', {
  fsType: f(1, str),
  mountFlags: f(2, list(str)),
  volumeMountGroup: f(3, str),
})
export const AccessMode = csi('AccessMode', { mode: f(1, int32) })
export const VolumeCapability = csi('VolumeCapability', {
  block: f(1, BlockVolume),
  mount: f(2, MountVolume),
  accessMode: f(3, AccessMode),
})
export type VolumeCapability = TypeOf<typeof VolumeCapability>

export const NodeStageVolumeRequest = csi('NodeStageVolumeRequest', {
  volumeId: f(1, str),
  publishContext: f(2, map(str)),
  stagingTargetPath: f(3, str),
  volumeCapability: f(4, VolumeCapability),
  secrets: f(5, map(str)),
  volumeContext: f(6, map(str)),
})
export type NodeStageVolumeRequest = TypeOf<typeof NodeStageVolumeRequest>

export const NodeUnstageVolumeRequest = csi('NodeUnstageVolumeRequest', {
  volumeId: f(1, str),
  stagingTargetPath: f(2, str),
})

export const NodePublishVolumeRequest = csi('NodePublishVolumeRequest', {
  volumeId: f(1, str),
  publishContext: f(2, map(str)),
  stagingTargetPath: f(3, str),
  targetPath: f(4, str),
  volumeCapability: f(5, VolumeCapability),
  readonly: f(6, bool),
  secrets: f(7, map(str)),
  volumeContext: f(8, map(str)),
})
export type NodePublishVolumeRequest = TypeOf<typeof NodePublishVolumeRequest>

export const NodeUnpublishVolumeRequest = csi('NodeUnpublishVolumeRequest', {
  volumeId: f(1, str),
  targetPath: f(2, str),
})

export const NodeGetCapabilitiesRequest = csi('NodeGetCapabilitiesRequest', {})
const RpcCapability = csi('NodeServiceCapability.RPC', { type: f(1, int32) })
const NodeServiceCapability = csi('NodeServiceCapability', { rpc: f(1, RpcCapability) })
export const NodeGetCapabilitiesResponse = csi('NodeGetCapabilitiesResponse', {
  capabilities: f(1, list(NodeServiceCapability)),
})

export const NodeGetInfoRequest = csi('NodeGetInfoRequest', {})
const Topology = csi('Topology', { segments: f(1, map(str)) })
export const NodeGetInfoResponse = csi('NodeGetInfoResponse', {
  nodeId: f(1, str),
  maxVolumesPerNode: f(2, int64),
  accessibleTopology: f(3, Topology),
})
export type NodeGetInfoResponse = TypeOf<typeof NodeGetInfoResponse>

/** NodeServiceCapability.RPC.Type. */
export const nodeCapability = { stageUnstage: 1, singleNodeMultiWriter: 5, volumeMountGroup: 6 } as const
