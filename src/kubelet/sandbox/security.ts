/** Security contexts as the runtime takes them. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { SELinuxOptions, SeccompProfile } from '../../api/core/v1/security-context.ts'
import type { NamespaceOption, SecurityProfile } from '../cri/common-messages.ts'
import type { LinuxContainerSecurityContext } from '../cri/container-messages.ts'
import { NamespaceMode, ProfileType, SupplementalGroupsPolicy } from '../cri/enums.ts'
import type { LinuxSandboxSecurityContext } from '../cri/sandbox-messages.ts'

/** Where localhost seccomp profiles lie. */
export const seccompRoot = '/var/lib/kubelet/seccomp'

/** Hidden from containers unless procMount is Unmasked; upstream's list. */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

export function namespaceOptions(pod: Pod): NamespaceOption {
  const { spec } = pod
  return {
    network: spec.hostNetwork === true ? NamespaceMode.node : NamespaceMode.pod,
    ipc: spec.hostIPC === true ? NamespaceMode.node : NamespaceMode.pod,
    pid:
      spec.hostPID === true
        ? NamespaceMode.node
        : spec.shareProcessNamespace === true
          ? NamespaceMode.pod
          : NamespaceMode.container,
  }
}

const int64 = (value: number | undefined) => (value === undefined ? undefined : { value })
const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T

function seLinux(options: SELinuxOptions | undefined): SELinuxOptions | undefined {
  return options ? present({ ...options }) : undefined
}

function profileOf(profile: SeccompProfile | undefined): SecurityProfile {
  if (profile?.type === 'RuntimeDefault') return { profileType: ProfileType.runtimeDefault }
  if (profile?.type === 'Localhost')
    return { profileType: ProfileType.localhost, localhostRef: `${seccompRoot}/${profile.localhostProfile ?? ''}` }
  return { profileType: ProfileType.unconfined }
}

function groupsOf(pod: Pod): number[] {
  const { supplementalGroups = [], fsGroup } = pod.spec.securityContext ?? {}
  return [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups]
}

const groupsPolicy = (pod: Pod): number =>
  pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict'
    ? SupplementalGroupsPolicy.strict
    : SupplementalGroupsPolicy.merge

export function sandboxSecurity(pod: Pod): LinuxSandboxSecurityContext {
  const context = pod.spec.securityContext ?? {}
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  return present({
    namespaceOptions: namespaceOptions(pod),
    selinuxOptions: seLinux(context.seLinuxOptions),
    runAsUser: int64(context.runAsUser),
    // A group without a user is refused by the runtime.
    runAsGroup: context.runAsUser === undefined ? undefined : int64(context.runAsGroup),
    supplementalGroups: groupsOf(pod),
    supplementalGroupsPolicy: groupsPolicy(pod),
    privileged: all.some(container => container.securityContext?.privileged === true),
    seccomp: { profileType: ProfileType.runtimeDefault },
  })
}

export interface ImageUser {
  readonly uid: number | undefined
  readonly username: string
}

/** `targetId` is the container whose process namespace an ephemeral one enters. */
export function containerSecurity(
  pod: Pod,
  container: Container,
  imageUser: ImageUser,
  targetId?: string,
): LinuxContainerSecurityContext {
  const own = container.securityContext ?? {}
  const shared = pod.spec.securityContext ?? {}
  const runAsUser = own.runAsUser ?? shared.runAsUser
  const privileged = own.privileged === true
  const unmasked = own.procMount === 'Unmasked' || privileged
  const options = namespaceOptions(pod)
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup
  const user =
    runAsUser === undefined && imageUser.uid === undefined && imageUser.username !== ''
      ? { runAsUsername: imageUser.username }
      : { runAsUser: int64(runAsUser ?? imageUser.uid ?? 0) }
  return present({
    capabilities: {
      addCapabilities: own.capabilities?.add ?? [],
      dropCapabilities: own.capabilities?.drop ?? [],
    },
    privileged,
    namespaceOptions: targetId === undefined ? options : { ...options, pid: NamespaceMode.target, targetId },
    selinuxOptions: seLinux(own.seLinuxOptions ?? shared.seLinuxOptions),
    ...user,
    runAsGroup: int64(runAsGroup),
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    supplementalGroups: groupsOf(pod),
    supplementalGroupsPolicy: groupsPolicy(pod),
    noNewPrivs: own.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
    seccomp: profileOf(own.seccompProfile ?? shared.seccompProfile),
    apparmor: appArmorOf(pod, container),
  })
}

function appArmorOf(pod: Pod, container: Container): SecurityProfile | undefined {
  const profile = container.securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile
  if (!profile) return undefined
  if (profile.type === 'Localhost')
    return { profileType: ProfileType.localhost, localhostRef: profile.localhostProfile ?? '' }
  return { profileType: profile.type === 'RuntimeDefault' ? ProfileType.runtimeDefault : ProfileType.unconfined }
}

/** Why a container may not run as the user that it would get; undefined if it may. */
export function nonRootProblem(pod: Pod, container: Container, imageUser: ImageUser): string | undefined {
  const wanted = container.securityContext?.runAsNonRoot ?? pod.spec.securityContext?.runAsNonRoot
  if (wanted !== true) return undefined
  const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser
  const who = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
  if (user === 0) return `container's runAsUser breaks non-root policy ${who}`
  if (user !== undefined) return undefined
  if (imageUser.uid === 0 || (imageUser.uid === undefined && imageUser.username === ''))
    return `container has runAsNonRoot and image will run as root ${who}`
  if (imageUser.uid === undefined)
    return `container has runAsNonRoot and image has non-numeric user (${imageUser.username}), cannot verify user is non-root ${who}`
  return undefined
}
