/** Starts one container of a pod: image, configuration, mounts, creation, hook. Says why where it cannot. */

import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { GrpcError } from '../../base/grpc/grpc-error.ts'
import { containerConfig, defaultMessagePath } from '../containers/container-config.ts'
import { ConfigError, containerEnvironment } from '../containers/environment.ts'
import { expand } from '../containers/expansion.ts'
import { runHook } from '../containers/lifecycle-hooks.ts'
import { linkedServices, serviceVariables } from '../containers/service-environment.ts'
import type { ImageSpec } from '../cri/common-messages.ts'
import type { Device } from '../cri/container-messages.ts'
import type { Mount } from '../cri/container-status-messages.ts'
import { MountPropagation } from '../cri/enums.ts'
import type { Image, PodSandboxConfig } from '../cri/runtime-client.ts'
import { hostsFileOf, podHostName } from '../sandbox/host-names.ts'
import { podLogDirectory } from '../sandbox/sandbox-config.ts'
import { nonRootProblem } from '../sandbox/security.ts'
import type { MountedVolume } from '../volumes/persistent-volumes.ts'
import { ensureImages, StartError } from './container-images.ts'
import type { StartAction } from './next-actions.ts'
import { latestOf, type PodRuntime, type SandboxRecord } from './pod-runtime.ts'
import { type PodServices, podEvent } from './pod-services.ts'

export interface StartContext {
  readonly services: PodServices
  readonly pod: Pod
  readonly runtime: PodRuntime
  readonly sandbox: SandboxRecord
  readonly sandboxConfig: PodSandboxConfig
  readonly volumes: ReadonlyMap<string, MountedVolume>
  readonly signal: AbortSignal
  /** Told while a postStart hook runs: the container does not count as started. */
  readonly starting: Set<string>
  kill(containerId: string, container: Container, message: string): Promise<void>
}

/** Starts it; throws StartError. */
export async function startContainer(context: StartContext, action: StartAction): Promise<void> {
  const { services, pod, signal } = context
  const { container } = action
  const event = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    podEvent(services, pod, type, reason, message, container.name)
  const { image, imageVolumes } = await ensureImages(context, container, event)
  const attempt = nextAttempt(context, container.name)
  const config = await configure(context, action, image, imageVolumes, attempt).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error
    event('Warning', 'Failed', `Error: ${error.message}`)
    throw new StartError('CreateContainerConfigError', error.message)
  })
  let id: string
  try {
    id = await services.runtime.createContainer(context.sandbox.id, config, context.sandboxConfig, signal)
  } catch (error) {
    const message = detailsOf(error)
    event('Warning', 'Failed', `Error: ${message}`)
    throw new StartError('CreateContainerError', message)
  }
  event('Normal', 'Created', 'Container created')
  const { postStart } = container.lifecycle ?? {}
  if (postStart) context.starting.add(id)
  try {
    try {
      await services.runtime.startContainer(id)
    } catch (error) {
      const message = detailsOf(error)
      event('Warning', 'Failed', `Error: ${message}`)
      throw new StartError('RunContainerError', message)
    }
    event('Normal', 'Started', 'Container started')
    if (!postStart) return
    try {
      const ip = context.sandbox.ips[0] ?? services.hostIps()[0] ?? ''
      await runHook(services.runtime, postStart, id, container, ip, signal)
    } catch (error) {
      event('Warning', 'FailedPostStartHook', 'PostStartHook failed')
      services.log.info(
        { pod: pod.metadata.name, container: container.name, error: (error as Error).message },
        'postStart hook failed',
      )
      await context.kill(id, container, 'FailedPostStartHook')
      throw new StartError('PostStartHookError', 'PostStartHook failed')
    }
  } finally {
    context.starting.delete(id)
  }
}

/** What the runtime says, without what the call's code adds. */
const detailsOf = (error: unknown): string => (error instanceof GrpcError ? error.details : (error as Error).message)

/** One more than the last; after the runtime forgot, the log files remember. */
function nextAttempt({ runtime, services, pod }: StartContext, name: string): number {
  const latest = latestOf(runtime, name)
  const known = runtime.containers.filter(record => record.name === name).map(({ restartCount }) => restartCount)
  if (latest) return Math.max(...known) + 1
  try {
    const files = readdirSync(join(podLogDirectory(services.logsDirectory, pod), name))
    const numbers = files.map(file => Number.parseInt(file, 10)).filter(Number.isInteger)
    return numbers.length === 0 ? 0 : Math.max(...numbers) + 1
  } catch {
    return 0
  }
}

async function configure(
  context: StartContext,
  action: StartAction,
  image: Image,
  imageVolumes: ReadonlyMap<string, ImageSpec>,
  attempt: number,
) {
  const { services, pod, sandbox, runtime } = context
  const { container } = action
  const { namespace, uid } = pod.metadata
  const imageUser = {
    uid: image.uid === undefined ? undefined : Number(image.uid.value ?? 0),
    username: image.username ?? '',
  }
  const problem = nonRootProblem(pod, container, imageUser)
  if (problem !== undefined) throw new ConfigError(problem)
  const hostIps = services.hostIps()
  const podIps = pod.spec.hostNetwork === true ? hostIps : sandbox.ips
  const linked = linkedServices(services.services(), namespace, pod.spec.enableServiceLinks ?? true)
  let environment: Map<string, string>
  try {
    environment = await containerEnvironment(pod, container, {
      hostIps,
      podIps,
      allocatable: services.node().status.allocatable ?? {},
      services: serviceVariables(linked),
      configMap: name => services.objects.configMap(uid, namespace, name),
      secret: name => services.objects.secret(uid, namespace, name),
    })
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError((error as Error).message)
  }
  const mounts = await containerMounts(context, container, environment, podIps, imageVolumes)
  mkdirSync(join(podLogDirectory(services.logsDirectory, pod), container.name), { recursive: true, mode: 0o755 })
  const target =
    action.targetContainerName === undefined ? undefined : latestOf(runtime, action.targetContainerName, sandbox.id)
  if (action.targetContainerName !== undefined && target?.state !== 'running')
    throw new ConfigError(`unable to find target container ${action.targetContainerName}`)
  return containerConfig({
    pod,
    container,
    attempt,
    imageRef: image.id ?? '',
    imageUser,
    environment,
    mounts,
    devices: blockDevices(container, context.volumes),
    memoryCapacityBytes: services.memoryCapacityBytes,
    ...(target ? { targetId: target.id } : {}),
  })
}

function blockDevices(container: Container, volumes: ReadonlyMap<string, MountedVolume>): Device[] {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const volume = volumes.get(name)
    if (!volume?.isDevice)
      throw new ConfigError(`cannot find volume "${name}" to pass into container "${container.name}"`)
    return { containerPath: devicePath, hostPath: volume.hostPath, permissions: volume.readOnly ? 'r' : 'mrw' }
  })
}

const propagations: Record<string, number> = {
  None: MountPropagation.private,
  HostToContainer: MountPropagation.hostToContainer,
  Bidirectional: MountPropagation.bidirectional,
}

async function containerMounts(
  context: StartContext,
  container: Container,
  environment: ReadonlyMap<string, string>,
  podIps: readonly string[],
  imageVolumes: ReadonlyMap<string, ImageSpec>,
): Promise<Mount[]> {
  const { services, pod, volumes } = context
  const mounts: Mount[] = []
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const subPath = mount.subPathExpr ? expandStrictly(mount.subPathExpr, environment) : (mount.subPath ?? '')
    const containerPath = mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`
    const image = imageVolumes.get(mount.name)
    if (image) {
      mounts.push({ containerPath, hostPath: '', readonly: true, image, imageSubPath: subPath })
      continue
    }
    const volume = volumes.get(mount.name)
    if (!volume) throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
    let hostPath: string
    try {
      hostPath = await services.volumes.mountPath(pod, container.name, index, volume, mount.name, subPath)
    } catch (error) {
      throw new ConfigError(
        `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}": ${(error as Error).message}`,
      )
    }
    mounts.push({
      containerPath,
      hostPath,
      readonly: mount.readOnly === true || volume.readOnly === true,
      propagation: propagations[mount.mountPropagation ?? 'None'] ?? MountPropagation.private,
      recursiveReadOnly: mount.readOnly === true && mount.recursiveReadOnly === 'Enabled',
    })
  }
  const directory = services.volumes.podDirectory(pod.metadata.uid)
  const taken = new Set(mounts.map(({ containerPath }) => containerPath))
  if (!taken.has('/etc/hosts')) {
    const hostPath = join(directory, 'etc-hosts')
    mkdirSync(directory, { recursive: true, mode: 0o750 })
    const names = podHostName(pod, services.dns().clusterDomain)
    writeFileSync(hostPath, hostsFileOf({ pod, ips: podIps, ...names, nodeHosts: nodeHosts() }), { mode: 0o644 })
    mounts.push({
      containerPath: '/etc/hosts',
      hostPath,
      readonly: container.securityContext?.readOnlyRootFilesystem === true,
    })
  }
  const messages = join(directory, 'containers', container.name)
  mkdirSync(messages, { recursive: true, mode: 0o750 })
  const messageFile = join(messages, randomBytes(4).toString('hex'))
  writeFileSync(messageFile, '')
  // Whatever the umask: any user of the container may write.
  chmodSync(messageFile, 0o666)
  mounts.push({
    containerPath: container.terminationMessagePath ?? defaultMessagePath,
    hostPath: messageFile,
    readonly: false,
  })
  return mounts
}

function expandStrictly(text: string, environment: ReadonlyMap<string, string>): string {
  return expand(text, name => {
    const value = environment.get(name)
    if (value === undefined) throw new ConfigError(`missing value for "${name}"`)
    return value
  })
}

function nodeHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8')
  } catch {
    return '127.0.0.1\tlocalhost\n'
  }
}
