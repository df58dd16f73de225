/** A CSI driver in this process, with its registrar: volumes are folders below a directory, mounted by bind. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { GrpcServer, type UnaryHandler } from '../../../base/grpc/grpc-server.ts'
import { frameOf } from '../../../base/grpc/message-reader.ts'
import { decodeMessage } from '../../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../../schema/protobuf-encode.ts'
import {
  NodeGetCapabilitiesResponse,
  NodeGetInfoResponse,
  NodePublishVolumeRequest,
  NodeStageVolumeRequest,
  NodeUnpublishVolumeRequest,
  NodeUnstageVolumeRequest,
  nodeCapability,
  PluginInfo,
  RegistrationStatus,
} from '../messages.ts'

export const fakeDriverName = 'fake.csi.example.com'

export class FakeDriver {
  readonly #server: GrpcServer
  readonly #volumes: string
  readonly socket: string
  /** What was asked for, as `publish v1`. */
  readonly calls: string[] = []
  readonly published: Record<string, unknown>[] = []
  registered: boolean | undefined
  /** Called before a volume is mounted. */
  onPublish: () => void = () => {}

  /** Its socket is `fake.sock` in the registry. */
  constructor(registry: string, volumes: string) {
    this.#volumes = volumes
    this.socket = join(registry, 'fake.sock')
    const nothing = frameOf(Buffer.alloc(0))
    const unary = new Map<string, UnaryHandler>([
      [
        '/pluginregistration.Registration/GetInfo',
        async () =>
          frameOf(
            encodeMessage(PluginInfo, {
              type: 'CSIPlugin',
              name: fakeDriverName,
              endpoint: this.socket,
              supportedVersions: ['1.0.0'],
            }),
          ),
      ],
      [
        '/pluginregistration.Registration/NotifyRegistrationStatus',
        async request => {
          this.registered = decodeMessage(RegistrationStatus, request).pluginRegistered === true
          return nothing
        },
      ],
      [
        '/csi.v1.Node/NodeGetInfo',
        async () =>
          frameOf(
            encodeMessage(NodeGetInfoResponse, {
              nodeId: 'fake-id',
              maxVolumesPerNode: 7,
              accessibleTopology: { segments: { 'example.com/zone': 'z' } },
            }),
          ),
      ],
      [
        '/csi.v1.Node/NodeGetCapabilities',
        async () =>
          frameOf(
            encodeMessage(NodeGetCapabilitiesResponse, {
              capabilities: [{ rpc: { type: nodeCapability.stageUnstage } }],
            }),
          ),
      ],
      ['/csi.v1.Node/NodeStageVolume', async request => this.#stage(request)],
      ['/csi.v1.Node/NodePublishVolume', async request => this.#publish(request)],
      [
        '/csi.v1.Node/NodeUnpublishVolume',
        async request => {
          const { volumeId, targetPath } = decodeMessage(NodeUnpublishVolumeRequest, request)
          this.calls.push(`unpublish ${volumeId}`)
          execFileSync('umount', [targetPath!])
          return nothing
        },
      ],
      [
        '/csi.v1.Node/NodeUnstageVolume',
        async request => {
          this.calls.push(`unstage ${decodeMessage(NodeUnstageVolumeRequest, request).volumeId}`)
          return nothing
        },
      ],
    ])
    this.#server = new GrpcServer({ socketPath: this.socket, unary, streams: new Map(), maxRequestBytes: 1 << 20 })
  }

  async start(): Promise<void> {
    await this.#server.listen()
  }

  async stop(): Promise<void> {
    await this.#server.close()
    rmSync(this.socket, { force: true })
  }

  async #stage(request: Buffer): Promise<Uint8Array> {
    const { volumeId, publishContext } = decodeMessage(NodeStageVolumeRequest, request)
    this.calls.push(`stage ${volumeId} ${JSON.stringify(publishContext ?? {})}`)
    return frameOf(Buffer.alloc(0))
  }

  async #publish(request: Buffer): Promise<Uint8Array> {
    const wanted = decodeMessage(NodePublishVolumeRequest, request)
    this.calls.push(`publish ${wanted.volumeId}`)
    this.onPublish()
    this.published.push(wanted as Record<string, unknown>)
    const source = join(this.#volumes, wanted.volumeId!)
    mkdirSync(source, { recursive: true })
    mkdirSync(wanted.targetPath!, { recursive: true })
    execFileSync('mount', ['--bind', source, wanted.targetPath!])
    return frameOf(Buffer.alloc(0))
  }
}
