/** A CSI driver on this node: one method a call (container-storage-interface/spec, Node service). */
import { GrpcChannel } from '../../base/grpc/grpc-channel.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import type { Message } from '../../schema/type.ts'
import {
  NodeGetCapabilitiesRequest,
  NodeGetCapabilitiesResponse,
  NodeGetInfoRequest,
  NodeGetInfoResponse,
  NodePublishVolumeRequest,
  NodeStageVolumeRequest,
  NodeUnpublishVolumeRequest,
  NodeUnstageVolumeRequest,
} from './messages.ts'

/** As the stock kubelet's. */
const callTimeoutMs = 120_000

export class CsiDriver {
  readonly name: string
  readonly #channel: GrpcChannel
  #capabilities: ReadonlySet<number> | undefined

  constructor(name: string, socketPath: string) {
    this.name = name
    this.#channel = new GrpcChannel({ socketPath })
  }

  close(): void {
    this.#channel.close()
  }

  async #call<Q>(method: string, type: Message<Q>, request: NoInfer<Q>): Promise<Uint8Array> {
    return await this.#channel.unary(`/csi.v1.Node/${method}`, encodeMessage(type, request), {
      timeoutMs: callTimeoutMs,
    })
  }

  async info(): Promise<NodeGetInfoResponse> {
    return decodeMessage(NodeGetInfoResponse, await this.#call('NodeGetInfo', NodeGetInfoRequest, {}))
  }

  /** By `nodeCapability`; they do not change while the driver runs. */
  async can(capability: number): Promise<boolean> {
    if (!this.#capabilities) {
      const answer = await this.#call('NodeGetCapabilities', NodeGetCapabilitiesRequest, {})
      const { capabilities = [] } = decodeMessage(NodeGetCapabilitiesResponse, answer)
      this.#capabilities = new Set(capabilities.map(({ rpc }) => rpc?.type ?? 0))
    }
    return this.#capabilities.has(capability)
  }

  async stage(request: NodeStageVolumeRequest): Promise<void> {
    await this.#call('NodeStageVolume', NodeStageVolumeRequest, request)
  }

  async unstage(volumeId: string, stagingTargetPath: string): Promise<void> {
    await this.#call('NodeUnstageVolume', NodeUnstageVolumeRequest, { volumeId, stagingTargetPath })
  }

  async publish(request: NodePublishVolumeRequest): Promise<void> {
    await this.#call('NodePublishVolume', NodePublishVolumeRequest, request)
  }

  async unpublish(volumeId: string, targetPath: string): Promise<void> {
    await this.#call('NodeUnpublishVolume', NodeUnpublishVolumeRequest, { volumeId, targetPath })
  }
}
