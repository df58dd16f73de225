/** The baseline of the Pod Security Standards: nothing that is known to lead out of the pod. */
import type { Container } from '../../api/core/v1/container.ts'
import type { SELinuxOptions } from '../../api/core/v1/security-context.ts'
import {
  type Check,
  containersNamed,
  containersOf,
  distinct,
  hasUserNamespace,
  plural,
  quoted,
  type Violation,
} from './check.ts'

const defaultCapabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

/** Who sets something forbidden: the pod, some containers, or both. */
export function setters(byPod: boolean, containers: readonly Container[]): string {
  const names = containers.map(({ name }) => name)
  return [...(byPod ? ['pod'] : []), ...(names.length > 0 ? [containersNamed(names)] : [])].join(' and ')
}

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/'
const isGoodProfile = (type: string | undefined): boolean => type === 'RuntimeDefault' || type === 'Localhost'

const appArmorProfile: Check = {
  id: 'appArmorProfile',
  since: 0,
  violation(pod) {
    const podType = pod.spec.securityContext?.appArmorProfile?.type
    const byPod = podType !== undefined && !isGoodProfile(podType)
    const bad = containersOf(pod).filter(({ securityContext }) => {
      const type = securityContext?.appArmorProfile?.type
      return type !== undefined && !isGoodProfile(type)
    })
    const values = distinct([
      ...(byPod ? [podType] : []),
      ...bad.map(({ securityContext }) => securityContext?.appArmorProfile?.type ?? ''),
    ])
    const annotations = Object.entries(pod.annotations)
      .filter(([key]) => key.startsWith(appArmorAnnotation))
      .filter(([, value]) => value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'))
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .sort()
    const who = [
      setters(byPod, bad),
      annotations.length > 0 ? plural('annotation', 'annotations', annotations.length) : '',
    ]
    const all = [...values, ...annotations]
    if (all.length === 0) return undefined
    return {
      reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', all.length),
      detail: `${who.filter(one => one !== '').join(' and ')} must not set AppArmor profile type to ${quoted(all)}`,
    }
  },
}

const capabilities: Check = {
  id: 'capabilities_baseline',
  since: 0,
  violation(pod) {
    const extraOf = ({ securityContext }: Container): string[] =>
      (securityContext?.capabilities?.add ?? []).filter(name => !defaultCapabilities.has(name))
    const bad = containersOf(pod).filter(container => extraOf(container).length > 0)
    if (bad.length === 0) return undefined
    const names = quoted(distinct(bad.flatMap(extraOf)))
    return {
      reason: 'non-default capabilities',
      detail: `${setters(false, bad)} must not include ${names} in securityContext.capabilities.add`,
    }
  },
}

const hostNamespaces: Check = {
  id: 'hostNamespaces',
  since: 0,
  violation({ spec }) {
    const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter(name => spec[name])
    if (shared.length === 0) return undefined
    return { reason: 'host namespaces', detail: shared.map(name => `${name}=true`).join(', ') }
  },
}

const hostPathVolumes: Check = {
  id: 'hostPathVolumes',
  since: 0,
  violation({ spec }) {
    const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name)
    if (bad.length === 0) return undefined
    return { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', bad.length)} ${quoted(bad)}` }
  },
}

const hostPorts: Check = {
  id: 'hostPorts',
  since: 0,
  violation(pod) {
    const portsOf = ({ ports }: Container): string[] =>
      (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))
    const bad = containersOf(pod).filter(container => portsOf(container).length > 0)
    if (bad.length === 0) return undefined
    const ports = distinct(bad.flatMap(portsOf))
    const uses = `${plural('uses', 'use', bad.length)} ${plural('hostPort', 'hostPorts', ports.length)}`
    return { reason: 'hostPort', detail: `${setters(false, bad)} ${uses} ${ports.join(', ')}` }
  },
}

interface Reaching {
  readonly httpGet?: { readonly host?: string }
  readonly tcpSocket?: { readonly host?: string }
}

const hostProbes: Check = {
  id: 'hostProbesAndHostLifecycle',
  since: 34,
  violation(pod) {
    const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] => {
      const all: readonly (Reaching | undefined)[] = [
        livenessProbe,
        readinessProbe,
        startupProbe,
        lifecycle?.postStart,
        lifecycle?.preStop,
      ]
      return all.flatMap(
        one => [one?.httpGet?.host, one?.tcpSocket?.host].filter(host => host !== undefined && host !== '') as string[],
      )
    }
    const bad = containersOf(pod).filter(container => hostsOf(container).length > 0)
    if (bad.length === 0) return undefined
    const hosts = distinct(bad.flatMap(hostsOf))
    const what = plural('probe or lifecycle host', 'probe or lifecycle hosts', hosts.length)
    const who = containersNamed(distinct(bad.map(({ name }) => name)))
    return {
      reason: 'probe or lifecycle host',
      detail: `${who} ${plural('uses', 'use', bad.length)} ${what} ${quoted(hosts)}`,
    }
  },
}

const privileged: Check = {
  id: 'privileged',
  since: 0,
  violation(pod) {
    const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.privileged === true)
    if (bad.length === 0) return undefined
    return { reason: 'privileged', detail: `${setters(false, bad)} must not set securityContext.privileged=true` }
  },
}

export const procMountViolation: Check['violation'] = pod => {
  const bad = containersOf(pod).filter(({ securityContext }) => {
    const procMount = securityContext?.procMount
    return procMount !== undefined && procMount !== 'Default'
  })
  if (bad.length === 0) return undefined
  const types = quoted(distinct(bad.map(({ securityContext }) => securityContext?.procMount ?? '')))
  return { reason: 'procMount', detail: `${setters(false, bad)} must not set securityContext.procMount to ${types}` }
}

const procMount: Check = {
  id: 'procMount',
  since: 0,
  violation: (pod, minor) => (minor >= 35 && hasUserNamespace(pod) ? undefined : procMountViolation(pod, minor)),
}

const goodTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t']

const seLinuxOptions: Check = {
  id: 'seLinuxOptions',
  since: 0,
  violation(pod, minor) {
    const allowed = minor >= 31 ? [...goodTypes, 'container_engine_t'] : goodTypes
    const isBad = (options: SELinuxOptions | undefined): boolean =>
      options !== undefined && (!allowed.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role))
    const podOptions = pod.spec.securityContext?.seLinuxOptions
    const bad = containersOf(pod).filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions))
    const byPod = isBad(podOptions)
    if (!byPod && bad.length === 0) return undefined
    const options = [
      ...(byPod ? [podOptions] : []),
      ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions),
    ] as SELinuxOptions[]
    const types = distinct(options.map(({ type }) => type ?? '').filter(type => !allowed.includes(type)))
    const faults = [
      ...(types.length > 0 ? [`${plural('type', 'types', types.length)} ${quoted(types)}`] : []),
      ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
    ]
    return {
      reason: 'seLinuxOptions',
      detail: `${setters(byPod, bad)} set forbidden securityContext.seLinuxOptions: ${faults.join('; ')}`,
    }
  },
}

/** Profiles that are named and are none of the good ones. */
export function badSeccomp(pod: Parameters<Check['violation']>[0]): Violation | undefined {
  const podType = pod.spec.securityContext?.seccompProfile?.type
  const byPod = podType !== undefined && !isGoodProfile(podType)
  const bad = containersOf(pod).filter(({ securityContext }) => {
    const type = securityContext?.seccompProfile?.type
    return type !== undefined && !isGoodProfile(type)
  })
  if (!byPod && bad.length === 0) return undefined
  const types = distinct([
    ...(byPod ? [podType] : []),
    ...bad.map(({ securityContext }) => securityContext?.seccompProfile?.type ?? ''),
  ])
  return {
    reason: 'seccompProfile',
    detail: `${setters(byPod, bad)} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  }
}

/** Before v1.19 profiles were named by annotations. */
function badSeccompAnnotations(pod: Parameters<Check['violation']>[0]): Violation | undefined {
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...containersOf(pod).map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`),
  ]
  const isGood = (value: string): boolean =>
    value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')
  const bad = keys.filter(key => pod.annotations[key] !== undefined && !isGood(pod.annotations[key]))
  if (bad.length === 0) return undefined
  const shown = distinct(bad.map(key => `${key}=${JSON.stringify(pod.annotations[key])}`))
  const what = plural('annotation', 'annotations', shown.length)
  return { reason: 'seccompProfile', detail: `forbidden ${what} ${shown.join(', ')}` }
}

const seccompProfile: Check = {
  id: 'seccompProfile_baseline',
  since: 0,
  violation: (pod, minor) => (minor >= 19 ? badSeccomp(pod) : badSeccompAnnotations(pod)),
}

/** Sysctls that concern the pod alone, by the version that came to know so. */
const safeSysctls: readonly (readonly [since: number, names: readonly string[]])[] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [
    29,
    [
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.tcp_fin_timeout',
      'net.ipv4.tcp_keepalive_intvl',
      'net.ipv4.tcp_keepalive_probes',
    ],
  ],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
  [37, ['net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_notsent_lowat']],
]

const sysctls: Check = {
  id: 'sysctls',
  since: 0,
  violation({ spec }, minor) {
    const safe = safeSysctls.filter(([since]) => since <= minor).flatMap(([, names]) => names)
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter(name => !safe.includes(name))
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
  },
}

const windowsHostProcess: Check = {
  id: 'windowsHostProcess',
  since: 0,
  violation(pod) {
    const byPod = pod.spec.securityContext?.windowsOptions?.hostProcess === true
    const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true)
    if (!byPod && bad.length === 0) return undefined
    const what = 'must not set securityContext.windowsOptions.hostProcess=true'
    return { reason: 'hostProcess', detail: `${setters(byPod, bad)} ${what}` }
  },
}

/** By id, which is the order of messages. */
export const baselineChecks: readonly Check[] = [
  appArmorProfile,
  capabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbes,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfile,
  sysctls,
  windowsHostProcess,
]
