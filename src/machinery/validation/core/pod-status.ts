/** What may be reported of a pod (upstream: ValidatePodStatusUpdate). */
import type { ContainerStatus } from '../../../api/core/v1/container-status.ts'
import type { Pod } from '../../../api/core/v1/pod.ts'
import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  tooLong,
} from '../../../schema/field-error.ts'
import {
  betweenMessage,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  ipErrors,
  ipFamilyOf,
} from '../../../schema/formats.ts'
import { ownMember } from '../../../schema/json-exact.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkImmutable, type Errors, pushInvalid } from '../checks.ts'

export function checkPodStatusUpdate(out: Errors, pod: Pod, old: Pod): void {
  const { status } = pod
  checkConditions(out, status.conditions ?? [])
  const { nominatedNodeName } = status
  if (nominatedNodeName && nominatedNodeName !== old.status.nominatedNodeName)
    pushInvalid(out, 'status.nominatedNodeName', nominatedNodeName, dns1123SubdomainErrors(nominatedNodeName))
  if ((status.observedGeneration ?? 0) < 0)
    out.push(invalid('status.observedGeneration', status.observedGeneration, 'must be a non-negative integer'))
  checkImmutable(out, 'status.qosClass', status.qosClass ?? '', old.status.qosClass ?? '')
  checkTerminated(out, 'containerStatuses', pod, old)
  checkTerminated(out, 'initContainerStatuses', pod, old)
  checkEndedEphemeral(out, pod, old)
  checkResourceClaims(out, pod)
  checkExtendedResources(out, pod)
  checkAllocatable(out, pod)
  checkVolumeHealth(out, pod)
  checkPodIps(out, pod, old)
  checkHostIps(out, pod, old)
  for (const name of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const)
    checkUsers(out, `status.${name}`, status[name] ?? [], pod.spec.os?.name)
  for (const name of ['containerStatuses', 'initContainerStatuses'] as const)
    checkAllocated(out, `status.${name}`, status[name] ?? [], pod, name)
  status.ephemeralContainerStatuses?.forEach(({ allocatedResourcesStatus }, i) => {
    if (allocatedResourcesStatus?.length)
      out.push(
        forbidden(
          `status.ephemeralContainerStatuses[${i}].allocatedResourcesStatus`,
          'must not be specified in container status',
        ),
      )
  })
}

const ownConditions: ReadonlySet<string> = new Set(['PodScheduled', 'Ready', 'Initialized'])

/** Upstream capitalises the path. */
function checkConditions(out: Errors, conditions: NonNullable<Pod['status']['conditions']>): void {
  conditions.forEach(({ type = '', observedGeneration = 0 }, i) => {
    const at = `status.conditions[${i}]`
    if (observedGeneration < 0)
      out.push(invalid(`${at}.observedGeneration`, observedGeneration, 'must be a non-negative integer'))
    if (!ownConditions.has(type)) pushInvalid(out, `${at}.Type`, type, labelKeyErrors(type))
  })
}

const notBack = 'may not be transitioned to non-terminated state'

/** A container that has ended and may not start again stays ended. */
function checkTerminated(out: Errors, name: 'containerStatuses' | 'initContainerStatuses', pod: Pod, old: Pod): void {
  const policy = old.spec.restartPolicy
  if (policy === 'Always') return
  const containers = name === 'containerStatuses' ? old.spec.containers : old.spec.initContainers
  for (const before of old.status[name] ?? []) {
    if (!before.state?.terminated) continue
    const own = containers?.find(container => container.name === before.name)
    if (own?.restartPolicy !== undefined || own?.restartPolicyRules?.length) continue
    if (before.state.terminated.exitCode !== 0 && policy === 'OnFailure') continue
    const index = pod.status[name]?.findIndex(status => status.name === before.name) ?? -1
    const now = pod.status[name]?.[index]
    if (now && !now.state?.terminated) out.push(forbidden(`status.${name}[${index}].state`, notBack))
  }
}

function checkEndedEphemeral(out: Errors, pod: Pod, old: Pod): void {
  old.status.ephemeralContainerStatuses?.forEach((before, i) => {
    if (!before.state?.terminated) return
    const now = pod.status.ephemeralContainerStatuses?.find(({ name }) => name === before.name)
    if (now && !now.state?.terminated) out.push(forbidden(`status.ephemeralContainerStatuses[${i}].state`, notBack))
  })
}

function checkResourceClaims(out: Errors, { spec, status }: Pod): void {
  const seen = new Set<string>()
  status.resourceClaimStatuses?.forEach(({ name = '', resourceClaimName }, i) => {
    const at = `status.resourceClaimStatuses[${i}]`
    if (!spec.resourceClaims?.some(claim => claim.name === name))
      out.push(invalid(`${at}.name`, name, 'must match the name of an entry in `spec.resourceClaims`'))
    if (seen.has(name)) out.push(duplicate(`${at}.name`, name))
    seen.add(name)
    if (resourceClaimName !== undefined)
      pushInvalid(out, `${at}.resourceClaimName`, resourceClaimName, dns1123SubdomainErrors(resourceClaimName))
  })
}

function checkExtendedResources(out: Errors, { spec, status }: Pod): void {
  const { extendedResourceClaimStatus: extended } = status
  if (!extended) return
  const at = 'status.extendedResourceClaimStatus'
  const mappings = extended.requestMappings ?? []
  if (mappings.length === 0) out.push(required(`${at}.requestMappings`, 'at least one request mapping is required'))
  const containers = new Map([...(spec.initContainers ?? []), ...spec.containers].map(one => [one.name, one]))
  const seen = new Set<string>()
  mappings.forEach(({ containerName = '', resourceName = '', requestName = '' }, i) => {
    const here = `${at}.requestMappings[${i}]`
    const container = containers.get(containerName)
    if (!container)
      out.push(
        invalid(
          `${here}.containerName`,
          containerName,
          'must match the name of an entry in spec.initContainers.name or spec.containers.name',
        ),
      )
    else if (container.resources?.requests?.[resourceName] === undefined)
      out.push(
        invalid(
          `${here}.resourceName`,
          resourceName,
          'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests',
        ),
      )
    pushInvalid(out, `${at}.requestName`, requestName, dns1123LabelErrors(requestName))
    const parts = { containerName, resourceName, requestName }
    const key = JSON.stringify(parts)
    if (seen.has(key)) for (const [name, value] of Object.entries(parts)) out.push(duplicate(`${here}.${name}`, value))
    seen.add(key)
  })
  const claim = extended.resourceClaimName ?? ''
  if (claim === '') out.push(required(`${at}.resourceClaimName`))
  else pushInvalid(out, `${at}.resourceClaimName`, claim, dns1123SubdomainErrors(claim))
}

function checkAllocatable(out: Errors, { spec, status }: Pod): void {
  const claims = [...(spec.resourceClaims ?? []), ...(status.resourceClaimStatuses ?? [])]
  status.nodeAllocatableResourceClaimStatuses?.forEach(({ resourceClaimName = '' }, i) => {
    if (resourceClaimName === '' || claims.some(claim => claim.resourceClaimName === resourceClaimName)) return
    const at = `status.nodeAllocatableResourceClaimStatuses[${i}].resourceClaimName`
    out.push(invalid(at, resourceClaimName, 'no mapping found in pod reference'))
  })
}

function checkVolumeHealth(out: Errors, { spec, status }: Pod): void {
  status.volumeHealth?.forEach(({ name }, i) => {
    if (name && !spec.volumes?.some(volume => volume.name === name))
      out.push(notFound(`status.volumeHealth[${i}].name`, name))
  })
}

type Ips = readonly { readonly ip?: string }[]

/** Those that stood there before are kept, whatever they are. */
function checkIps(out: Errors, path: string, ips: Ips, old: Ips): void {
  const before = new Set(old.map(({ ip }) => ip))
  ips.forEach(({ ip = '' }, i) => {
    if (!before.has(ip)) pushInvalid(out, `${path}[${i}]`, ip, ipErrors(ip))
  })
  const families = ips.map(({ ip = '' }) => (ipErrors(ip).length > 0 ? undefined : ipFamilyOf(ip)))
  if (ips.length < 2) return
  const wrong = families.indexOf(undefined)
  if (wrong >= 0) {
    const why = `failed to check for dual stack with error:failed to parse IP ${JSON.stringify(ips[wrong]?.ip ?? '')}`
    out.push({ reason: 'InternalError', field: path, message: `Internal error: ${why}` })
  }
  if (wrong >= 0 || ips.length > 2 || families[0] === families[1])
    out.push(invalid(path, ips, 'may specify no more than one IP for each IP family'))
}

function checkPodIps(out: Errors, { status }: Pod, old: Pod): void {
  const at = 'status.podIPs'
  const ips = status.podIPs ?? []
  checkIps(out, at, ips, old.status.podIPs ?? [])
  const first = ips[0]?.ip ?? ''
  if (((status.podIP ?? '') !== '') !== ips.length > 0)
    out.push(invalid(at, status.podIPs, 'podIP and podIPs must either both be set or both be unset'))
  else if (ips.length > 0 && status.podIP !== first) out.push(invalid(`${at}[0].ip`, first, 'must be equal to `podIP`'))
}

function checkHostIps(out: Errors, { status }: Pod, old: Pod): void {
  const ips = status.hostIPs ?? []
  if (ips.length === 0) return
  const first = ips[0]?.ip ?? ''
  if ((status.hostIP ?? '') !== first) out.push(invalid('status.hostIPs[0].ip', first, 'must be equal to `hostIP`'))
  checkIps(out, 'status.hostIPs', ips, old.status.hostIPs ?? [])
}

const maxUid = 2 ** 32 - 1
const maxGid = 2 ** 31 - 1

function checkUsers(out: Errors, path: string, statuses: readonly ContainerStatus[], os = 'linux'): void {
  statuses.forEach(({ user }, i) => {
    const linux = user?.linux
    if (!linux) return
    const at = `${path}[${i}].user.linux`
    if (os === 'windows') {
      out.push(forbidden(at, 'cannot be set for a windows pod'))
      return
    }
    const check = (field: string, id: number, most: number): void => {
      if (id < 0 || id > most) out.push(invalid(field, id, betweenMessage(0, most)))
    }
    check(`${at}.uid`, linux.uid ?? 0, maxUid)
    check(`${at}.gid`, linux.gid ?? 0, maxGid)
    linux.supplementalGroups?.forEach((group, j) => {
      check(`${at}.supplementalGroups[${j}]`, group, maxGid)
    })
  })
}

const healths = ['Healthy', 'Unhealthy', 'Unknown']
const maxHealthMessageBytes = 1024

function checkAllocated(
  out: Errors,
  path: string,
  statuses: readonly ContainerStatus[],
  pod: Pod,
  name: 'containerStatuses' | 'initContainerStatuses',
): void {
  const containers = (name === 'containerStatuses' ? pod.spec.containers : pod.spec.initContainers) ?? []
  statuses.forEach((status, i) => {
    const container = containers.find(one => one.name === status.name)
    status.allocatedResourcesStatus?.forEach((allocated, j) => {
      const at = `${path}[${i}].allocatedResourcesStatus[${j}]`
      const fault = container && allocatedNameFault(allocated.name ?? '', container)
      if (fault) out.push(invalid(`${at}.name`, allocated.name ?? '', fault))
      const seen = new Set<string>()
      allocated.resources?.forEach(({ health = '', message, resourceID = '' }, k) => {
        const here = `${at}.resources[${k}]`
        if (!healths.includes(health)) out.push(notSupported(`${here}.health`, health, healths))
        if (message === '') out.push(required(`${here}.message`, 'must be non-empty if specified'))
        else if (Buffer.byteLength(message ?? '') > maxHealthMessageBytes)
          out.push(tooLong(`${here}.message`, maxHealthMessageBytes))
        if (seen.has(resourceID)) out.push(duplicate(`${here}.resourceID`, resourceID))
        seen.add(resourceID)
      })
    })
  })
}

function allocatedNameFault(name: string, { resources }: Pod['spec']['containers'][number]): string | undefined {
  if (!name.startsWith('claim:')) {
    return ownMember(resources?.requests, name) === undefined
      ? "must match one of the container's resource requests"
      : undefined
  }
  const isClaimed = resources?.claims?.some(
    claim => name === `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`,
  )
  return isClaimed
    ? undefined
    : "must match one of the container's resource claims as 'claim:<claimName>/<requestName>' when container.resources.claims[*].request is set or 'claim:<claimName>' when it is empty"
}
