/** The container runtime behind its CRI v1 socket: one method a call, with deadlines as the kubelet's own. */

import { type CallOptions, GrpcChannel } from '../../base/grpc/grpc-channel.ts'
import { isNotFoundCall, isUnimplemented } from '../../base/grpc/grpc-error.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import type { Message, TypeOf } from '../../schema/type.ts'
import type { Int64Value, LinuxContainerResources } from './common-messages.ts'
import {
  AttachRequest,
  AttachResponse,
  type Container,
  type ContainerConfig,
  type ContainerFilter,
  ContainerStatusRequest,
  ContainerStatusResponse,
  CreateContainerRequest,
  CreateContainerResponse,
  ExecRequest,
  ExecResponse,
  ExecSyncRequest,
  ExecSyncResponse,
  ListContainersRequest,
  ListContainersResponse,
  RemoveContainerRequest,
  ReopenContainerLogRequest,
  StartContainerRequest,
  StopContainerRequest,
  UpdateContainerResourcesRequest,
} from './container-messages.ts'
import type { ContainerStatus } from './container-status-messages.ts'
import {
  type AuthConfig,
  type Image,
  ImageFsInfoRequest,
  ImageFsInfoResponse,
  ImageStatusRequest,
  ImageStatusResponse,
  ListImagesRequest,
  ListImagesResponse,
  PullImageRequest,
  PullImageResponse,
  RemoveImageRequest,
} from './image-messages.ts'
import {
  RuntimeConfigRequest,
  RuntimeConfigResponse,
  StatusRequest,
  StatusResponse,
  VersionRequest,
  VersionResponse,
} from './runtime-messages.ts'
import {
  ListPodSandboxRequest,
  ListPodSandboxResponse,
  type PodSandbox,
  type PodSandboxConfig,
  type PodSandboxFilter,
  type PodSandboxStatus,
  PodSandboxStatusRequest,
  PodSandboxStatusResponse,
  PortForwardRequest,
  PortForwardResponse,
  RemovePodSandboxRequest,
  RunPodSandboxRequest,
  RunPodSandboxResponse,
  StopPodSandboxRequest,
  UpdatePodSandboxResourcesRequest,
} from './sandbox-messages.ts'
import { type ContainerStats, ListContainerStatsRequest, ListContainerStatsResponse } from './stats-messages.ts'

export type {
  AuthConfig,
  Container,
  ContainerConfig,
  ContainerStats,
  ContainerStatus,
  Image,
  Int64Value,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
}

const callTimeoutMs = 120_000
/** Starting a sandbox includes the CNI plugins; upstream gives it twice the usual time. */
const sandboxTimeoutMs = 240_000

const runtimeService = '/runtime.v1.RuntimeService/'
const imageService = '/runtime.v1.ImageService/'

export interface ExecResult {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly exitCode: number
}

export class RuntimeClient {
  readonly channel: GrpcChannel
  /** Told of every call that has ended, by its path. */
  observe: (path: string, seconds: number, failed: boolean) => void = () => {}

  constructor(socketPath: string) {
    this.channel = new GrpcChannel({ socketPath })
  }

  close(): void {
    this.channel.close()
  }

  async #call<Q, R>(
    path: string,
    requestType: Message<Q>,
    responseType: Message<R>,
    request: NoInfer<Q>,
    options: CallOptions = {},
  ): Promise<R> {
    return decodeMessage(responseType, await this.#unary(path, encodeMessage(requestType, request), options)) as R
  }

  async #unary(path: string, request: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const startedMs = performance.now()
    let failed = true
    try {
      const answer = await this.channel.unary(path, request, { timeoutMs: callTimeoutMs, ...options })
      failed = false
      return answer
    } finally {
      this.observe(path, (performance.now() - startedMs) / 1000, failed)
    }
  }

  /** For calls whose answer is empty. */
  async #do<Q>(path: string, requestType: Message<Q>, request: NoInfer<Q>, options: CallOptions = {}): Promise<void> {
    await this.#unary(path, encodeMessage(requestType, request), options)
  }

  version(timeoutMs = 5_000): Promise<TypeOf<typeof VersionResponse>> {
    return this.#call(`${runtimeService}Version`, VersionRequest, VersionResponse, { version: 'v1' }, { timeoutMs })
  }

  status(verbose = false): Promise<TypeOf<typeof StatusResponse>> {
    return this.#call(`${runtimeService}Status`, StatusRequest, StatusResponse, { verbose }, { timeoutMs: 10_000 })
  }

  /** UNIMPLEMENTED before containerd 2. */
  runtimeConfig(): Promise<TypeOf<typeof RuntimeConfigResponse>> {
    return this.#call(`${runtimeService}RuntimeConfig`, RuntimeConfigRequest, RuntimeConfigResponse, {})
  }

  async runPodSandbox(config: PodSandboxConfig, runtimeHandler: string, signal?: AbortSignal): Promise<string> {
    const response = await this.#call(
      `${runtimeService}RunPodSandbox`,
      RunPodSandboxRequest,
      RunPodSandboxResponse,
      { config, ...(runtimeHandler === '' ? {} : { runtimeHandler }) },
      { timeoutMs: sandboxTimeoutMs, ...(signal ? { signal } : {}) },
    )
    return response.podSandboxId ?? ''
  }

  /** Stops all its containers by force and frees its network. Safe to repeat. */
  async stopPodSandbox(podSandboxId: string): Promise<void> {
    await ignoreNotFound(this.#do(`${runtimeService}StopPodSandbox`, StopPodSandboxRequest, { podSandboxId }))
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    await ignoreNotFound(this.#do(`${runtimeService}RemovePodSandbox`, RemovePodSandboxRequest, { podSandboxId }))
  }

  async podSandboxStatus(podSandboxId: string): Promise<PodSandboxStatus | undefined> {
    const request = this.#call(`${runtimeService}PodSandboxStatus`, PodSandboxStatusRequest, PodSandboxStatusResponse, {
      podSandboxId,
    })
    return (await ignoreNotFound(request))?.status
  }

  async listPodSandboxes(filter: PodSandboxFilter = {}): Promise<PodSandbox[]> {
    const path = `${runtimeService}ListPodSandbox`
    return (await this.#call(path, ListPodSandboxRequest, ListPodSandboxResponse, { filter })).items ?? []
  }

  async createContainer(
    podSandboxId: string,
    config: ContainerConfig,
    sandboxConfig: PodSandboxConfig,
    signal?: AbortSignal,
  ): Promise<string> {
    const response = await this.#call(
      `${runtimeService}CreateContainer`,
      CreateContainerRequest,
      CreateContainerResponse,
      { podSandboxId, config, sandboxConfig },
      signal ? { signal } : {},
    )
    return response.containerId ?? ''
  }

  startContainer(containerId: string): Promise<void> {
    return this.#do(`${runtimeService}StartContainer`, StartContainerRequest, { containerId })
  }

  /** Sends the stop signal, then SIGKILL after the timeout. Safe to repeat. */
  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    await ignoreNotFound(
      this.#do(
        `${runtimeService}StopContainer`,
        StopContainerRequest,
        { containerId, timeout: timeoutSeconds },
        { timeoutMs: callTimeoutMs + timeoutSeconds * 1000 },
      ),
    )
  }

  /** What is absent or 0 stays as it is. */
  updateContainerResources(containerId: string, linux: LinuxContainerResources): Promise<void> {
    const path = `${runtimeService}UpdateContainerResources`
    return this.#do(path, UpdateContainerResourcesRequest, { containerId, linux })
  }

  /** Tells the runtime of the pod's new limits; one that has no use for them does not know the call. */
  async updatePodSandboxResources(podSandboxId: string, resources: LinuxContainerResources): Promise<void> {
    const path = `${runtimeService}UpdatePodSandboxResources`
    try {
      await this.#do(path, UpdatePodSandboxResourcesRequest, { podSandboxId, resources })
    } catch (error) {
      if (!isUnimplemented(error)) throw error
    }
  }

  async removeContainer(containerId: string): Promise<void> {
    await ignoreNotFound(this.#do(`${runtimeService}RemoveContainer`, RemoveContainerRequest, { containerId }))
  }

  async listContainers(filter: ContainerFilter = {}): Promise<Container[]> {
    const path = `${runtimeService}ListContainers`
    return (await this.#call(path, ListContainersRequest, ListContainersResponse, { filter })).containers ?? []
  }

  async containerStatus(containerId: string): Promise<ContainerStatus | undefined> {
    const path = `${runtimeService}ContainerStatus`
    const request = this.#call(path, ContainerStatusRequest, ContainerStatusResponse, { containerId })
    return (await ignoreNotFound(request))?.status
  }

  reopenContainerLog(containerId: string): Promise<void> {
    return this.#do(`${runtimeService}ReopenContainerLog`, ReopenContainerLogRequest, { containerId })
  }

  /** The runtime kills the command after `timeoutSeconds` (0: never) and answers DEADLINE_EXCEEDED. */
  async execSync(
    containerId: string,
    cmd: string[],
    timeoutSeconds: number,
    signal?: AbortSignal,
  ): Promise<ExecResult> {
    const response = await this.#call(
      `${runtimeService}ExecSync`,
      ExecSyncRequest,
      ExecSyncResponse,
      { containerId, cmd, timeout: timeoutSeconds },
      { timeoutMs: callTimeoutMs + timeoutSeconds * 1000, ...(signal ? { signal } : {}) },
    )
    return {
      stdout: response.stdout ?? new Uint8Array(),
      stderr: response.stderr ?? new Uint8Array(),
      exitCode: response.exitCode ?? 0,
    }
  }

  /** The address at the runtime's streaming server. */
  async execUrl(request: TypeOf<typeof ExecRequest>): Promise<string> {
    return (await this.#call(`${runtimeService}Exec`, ExecRequest, ExecResponse, request)).url ?? ''
  }

  async attachUrl(request: TypeOf<typeof AttachRequest>): Promise<string> {
    return (await this.#call(`${runtimeService}Attach`, AttachRequest, AttachResponse, request)).url ?? ''
  }

  async portForwardUrl(podSandboxId: string, port: number[]): Promise<string> {
    const request = { podSandboxId, port }
    return (
      (await this.#call(`${runtimeService}PortForward`, PortForwardRequest, PortForwardResponse, request)).url ?? ''
    )
  }

  async listContainerStats(): Promise<ContainerStats[]> {
    const path = `${runtimeService}ListContainerStats`
    return (await this.#call(path, ListContainerStatsRequest, ListContainerStatsResponse, {})).stats ?? []
  }

  async listImages(): Promise<Image[]> {
    return (await this.#call(`${imageService}ListImages`, ListImagesRequest, ListImagesResponse, {})).images ?? []
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    const path = `${imageService}ImageStatus`
    return (await this.#call(path, ImageStatusRequest, ImageStatusResponse, { image: { image } })).image
  }

  /** No deadline of its own: a large image takes its time. Gives the image's reference. */
  async pullImage(
    image: string,
    auth: AuthConfig | undefined,
    sandboxConfig: PodSandboxConfig | undefined,
    signal?: AbortSignal,
  ): Promise<string> {
    const request = { image: { image }, ...(auth ? { auth } : {}), ...(sandboxConfig ? { sandboxConfig } : {}) }
    const bytes = await this.channel.unary(
      `${imageService}PullImage`,
      encodeMessage(PullImageRequest, request),
      signal ? { signal } : {},
    )
    return decodeMessage(PullImageResponse, bytes).imageRef ?? ''
  }

  async removeImage(image: string): Promise<void> {
    await ignoreNotFound(this.#do(`${imageService}RemoveImage`, RemoveImageRequest, { image: { image } }))
  }

  imageFsInfo(): Promise<TypeOf<typeof ImageFsInfoResponse>> {
    return this.#call(`${imageService}ImageFsInfo`, ImageFsInfoRequest, ImageFsInfoResponse, {})
  }
}

async function ignoreNotFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isNotFoundCall(error)) return undefined
    throw error
  }
}
