/** Warnings about pods and pod templates (upstream: GetWarningsForPod, GetWarningsForPodTemplate). */
import type { PodAffinityTerm } from '../../api/core/v1/affinity.ts'
import type { Container } from '../../api/core/v1/container.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import type { PersistentVolumeClaimSpec, Volume } from '../../api/core/v1/volume.ts'
import type { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { parseQuantity } from '../quantity.ts'
import { addressWarnings } from './addresses.ts'
import { deprecatedNodeLabels, nodeTermWarnings } from './node-labels.ts'
import { overlappingPathWarnings } from './overlapping-paths.ts'

type Meta = Partial<ObjectMeta> | undefined

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const deprecatedVolumes: readonly (readonly [source: keyof Volume, text: string, shown?: string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+', 'storageOS'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['ephemeral', ''],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'
const appArmorContainer = 'container.apparmor.security.beta.kubernetes.io/'

/** `path` is that of the template; '' for a pod. */
export function podWarnings(path: string, spec: PodSpec, meta: Meta): string[] {
  const inside = path === '' ? '' : `${path}.`
  const at = `${inside}spec`
  const annotations = meta?.annotations ?? {}
  const out: string[] = []
  out.push(...nodeWarnings(at, spec))
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const here = `${at}.topologySpreadConstraints[${i}]`
    const deprecated = deprecatedNodeLabels[topologyKey]
    if (deprecated) out.push(`${here}.topologyKey: ${topologyKey} is ${deprecated}`)
    if (!labelSelector) out.push(nullSelector(here))
  }
  for (const [key, text] of Object.entries(deprecatedAnnotations))
    if (key in annotations) out.push(`${inside}metadata.annotations[${key}]: ${text}`)
  spec.volumes?.forEach((volume, i) => {
    out.push(...volumeWarnings(`${at}.volumes[${i}]`, volume))
  })
  out.push(...overlappingPathWarnings(spec.volumes))
  out.push(...duplicates(`${at}.hostAliases`, 'ip', spec.hostAliases))
  out.push(...duplicates(`${at}.imagePullSecrets`, 'name', spec.imagePullSecrets))
  for (const [i, { name }] of (spec.imagePullSecrets ?? []).entries())
    if (!name) out.push(`${at}.imagePullSecrets[${i}].name: invalid empty name ""`)
  out.push(...fractions(`${at}.overhead`, spec.overhead))
  if (!spec.securityContext?.seccompProfile && seccompPod in annotations)
    out.push(`${inside}metadata.annotations[${seccompPod}]: ${useSeccomp}`)
  const containers = containersOf(at, spec)
  for (const [here, container] of containers) out.push(...containerWarnings(here, container, inside, annotations))
  out.push(...portWarnings(containers))
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    out.push(`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  out.push(...affinityWarnings(`${at}.affinity`, spec))
  spec.dnsConfig?.nameservers?.forEach((address, i) => {
    out.push(...addressWarnings(`${at}.dnsConfig.nameservers[${i}]`, address))
  })
  spec.hostAliases?.forEach(({ ip }, i) => {
    out.push(...addressWarnings(`${at}.hostAliases[${i}].ip`, ip))
  })
  return out
}

const nullSelector = (path: string): string => `${path}.labelSelector: a null labelSelector results in matching no pod`
const useSeccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead'

function nodeWarnings(at: string, spec: PodSpec): string[] {
  const out: string[] = []
  for (const key of Object.keys(spec.nodeSelector ?? {}))
    if (deprecatedNodeLabels[key]) out.push(`${at}.nodeSelector[${key}]: ${deprecatedNodeLabels[key]}`)
  const affinity = spec.affinity?.nodeAffinity
  const base = `${at}.affinity.nodeAffinity`
  affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.forEach((term, i) => {
    const here = `${base}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`
    out.push(...nodeTermWarnings(here, term, false))
  })
  affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ preference }, i) => {
    const here = `${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`
    out.push(...nodeTermWarnings(here, preference, true))
  })
  return out
}

function volumeWarnings(path: string, volume: Volume): string[] {
  const out: string[] = []
  for (const [source, text, shown = source] of deprecatedVolumes) {
    if (!volume[source]) continue
    if (source !== 'ephemeral') out.push(`${path}.${shown}: ${text}`)
    else if (volume.ephemeral?.volumeClaimTemplate)
      out.push(
        ...claimWarnings(`${path}.ephemeral.volumeClaimTemplate.spec`, volume.ephemeral.volumeClaimTemplate.spec),
      )
  }
  return out
}

export function claimWarnings(path: string, { resources }: PersistentVolumeClaimSpec): string[] {
  return (['requests', 'limits'] as const).flatMap(list =>
    fraction(`${path}.resources.${list}`, 'storage', resources?.[list]),
  )
}

const fractions = (path: string, amounts: Readonly<Record<string, string>> | undefined): string[] => [
  ...fraction(path, 'memory', amounts),
  ...fraction(path, 'ephemeral-storage', amounts),
]

function fraction(path: string, name: string, amounts: Readonly<Record<string, string>> | undefined): string[] {
  const amount = amounts?.[name]
  if (amount === undefined || isWhole(amount)) return []
  return [`${path}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`]
}

const isWhole = (amount: string): boolean => {
  const quantity = parseQuantity(amount)
  return quantity.milliValue() % 1000 === 0
}

function duplicates<K extends string>(
  path: string,
  key: K,
  items: readonly { readonly [P in K]?: string }[] | undefined,
): string[] {
  const seen = new Set<string>()
  return (items ?? []).flatMap((item, i) => {
    const value = item[key] ?? ''
    if (seen.has(value)) return [`${path}[${i}].${key}: duplicate ${key} ${JSON.stringify(value)}`]
    seen.add(value)
    return []
  })
}

/** In the order of upstream's visitor. */
const containersOf = (at: string, spec: PodSpec): [path: string, container: Container][] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap(list =>
    (spec[list] ?? []).map((container, i): [string, Container] => [`${at}.${list}[${i}]`, container as Container]),
  )

function containerWarnings(
  path: string,
  container: Container,
  inside: string,
  annotations: Readonly<Record<string, string>>,
): string[] {
  const { name, securityContext, resources, env = [] } = container
  const out: string[] = []
  const seccomp = `${seccompContainer}${name}`
  if (!securityContext?.seccompProfile && seccomp in annotations)
    out.push(`${inside}metadata.annotations[${seccomp}]: ${useSeccomp}`)
  const appArmor = `${appArmorContainer}${name}`
  if (inside !== '' && !securityContext?.appArmorProfile && appArmor in annotations)
    out.push(
      `${inside}metadata.annotations[${appArmor}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
    )
  for (const resource of ['memory', 'ephemeral-storage']) {
    out.push(...fraction(`${path}.resources.limits`, resource, resources?.limits))
    out.push(...fraction(`${path}.resources.requests`, resource, resources?.requests))
  }
  const seen = new Set<string>()
  for (const [i, variable] of env.entries()) {
    const reference = `$(${variable.name})`
    const hides = variable.valueFrom || variable.value === reference || !(variable.value ?? '').includes(reference)
    if (seen.has(variable.name) && hides)
      out.push(
        `${path}.env[${i}]: hides previous definition of ${JSON.stringify(variable.name)}, which may be dropped when using apply`,
      )
    seen.add(variable.name)
  }
  return out
}

type Port = NonNullable<Container['ports']>[number]

function portWarnings(containers: readonly [path: string, container: Container][]): string[] {
  const all = containers.flatMap(([path, { ports = [] }]) =>
    ports.map((port, i) => ({ path: `${path}.ports[${i}]`, port })),
  )
  const out: string[] = []
  for (const [i, { path, port }] of all.entries()) {
    if (port.hostIP && !port.hostPort) out.push(`${path}: hostIP set without hostPort: ${goPort(port)}`)
    for (const other of all.slice(0, i)) {
      const conflict = portConflict(port, other.port)
      if (conflict !== undefined) out.push(`${path}: ${conflict} port definition with ${other.path}`)
    }
  }
  const names = new Map<string, string>()
  for (const { path, port } of all) {
    if (!port.name) continue
    const first = names.get(port.name)
    if (first === undefined) names.set(port.name, path)
    else
      out.push(
        `${path}: duplicate port name ${JSON.stringify(port.name)} with ${first}, services and probes that select ports by name will use ${first}`,
      )
  }
  return out
}

/** Go's `%+v` of a container port. */
const goPort = ({ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }: Port): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`

function portConflict(a: Port, b: Port): string | undefined {
  if (a.containerPort !== b.containerPort || a.protocol !== b.protocol) return undefined
  const sameHostPort = (a.hostPort ?? 0) === (b.hostPort ?? 0)
  const sameIp = (a.hostIP ?? '') === (b.hostIP ?? '')
  if (sameHostPort && sameIp) return 'duplicate'
  if (!a.hostPort || !b.hostPort) return 'overlapping'
  return sameHostPort && !a.hostIP !== !b.hostIP ? 'dangerously ambiguous' : undefined
}

function affinityWarnings(path: string, { affinity }: PodSpec): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap(kind => {
    const terms = affinity?.[kind]
    const required = terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    const preferred = terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const base = `${path}.${kind}`
    return [
      ...required.flatMap((term, i) =>
        termWarnings(`${base}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, term),
      ),
      ...preferred.flatMap(({ podAffinityTerm }, i) =>
        termWarnings(`${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`, podAffinityTerm),
      ),
    ]
  })
}

const termWarnings = (path: string, term: PodAffinityTerm): string[] => (term.labelSelector ? [] : [nullSelector(path)])
