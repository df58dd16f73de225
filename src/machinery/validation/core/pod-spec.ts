/** Specs of pods and of pod templates (upstream: ValidatePodSpec, ValidatePodTemplateSpec). */
import type { PodDNSConfig, PodSpec, PodTemplateSpec } from '../../../api/core/v1/pod-spec.ts'
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
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  ipErrors,
  underscoredSubdomainErrors,
} from '../../../schema/formats.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import {
  checkAnnotations,
  checkChoice,
  checkLabels,
  type Errors,
  noEphemeralContainers,
  pushInvalid,
} from '../checks.ts'
import { checkAffinity, checkTolerations, checkTopologySpread } from './affinity.ts'
import { checkContainers, claimNames } from './containers.ts'
import { checkPodLevelResources } from './pod-level-resources.ts'
import { checkResources } from './resources.ts'
import { checkPodSecurityContext } from './security-context.ts'
import { checkVolumes } from './volumes.ts'

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']

export function checkPodSpec(out: Errors, path: string, spec: PodSpec, podName = ''): void {
  const volumes = checkVolumes(out, `${path}.volumes`, spec.volumes, podName)
  checkResourceClaims(out, `${path}.resourceClaims`, spec)
  checkContainers(out, path, spec, volumes)
  checkPodLevelResources(out, `${path}.resources`, spec, claimNames(spec))
  checkHostNetworkPorts(out, path, spec)
  checkChoice(out, `${path}.restartPolicy`, spec.restartPolicy ?? '', ['Always', 'OnFailure', 'Never'])
  checkChoice(out, `${path}.dnsPolicy`, spec.dnsPolicy ?? '', dnsPolicies)
  checkLabels(out, `${path}.nodeSelector`, spec.nodeSelector)
  checkPodSecurityContext(out, `${path}.securityContext`, spec)
  if (spec.affinity) checkAffinity(out, `${path}.affinity`, spec.affinity)
  checkDns(out, `${path}.dnsConfig`, spec)
  checkGates(out, path, spec)
  checkTopologySpread(out, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints)
  checkHostProcess(out, path, spec)
  checkHostUsers(out, path, spec)
  checkHostnameOverride(out, `${path}.hostnameOverride`, spec)
  checkSubdomain(out, path, spec, 'serviceAccountName')
  checkSubdomain(out, path, spec, 'nodeName')
  checkNumbers(out, path, spec)
  for (const name of ['hostname', 'subdomain'] as const)
    if (spec[name]) pushInvalid(out, `${path}.${name}`, spec[name], dns1123LabelErrors(spec[name]))
  checkTolerations(out, `${path}.tolerations`, spec.tolerations)
  spec.hostAliases?.forEach(({ ip, hostnames }, i) => {
    pushInvalid(out, `${path}.hostAliases[${i}].ip`, ip, ipErrors(ip))
    hostnames?.forEach((hostname, j) => {
      pushInvalid(out, `${path}.hostAliases[${i}].hostnames[${j}]`, hostname, dns1123SubdomainErrors(hostname))
    })
  })
  checkSubdomain(out, path, spec, 'priorityClassName')
  checkSubdomain(out, path, spec, 'runtimeClassName')
  const { preemptionPolicy, overhead } = spec
  if (preemptionPolicy !== undefined)
    checkChoice(out, `${path}.preemptionPolicy`, preemptionPolicy, ['PreemptLowerPriority', 'Never'])
  if (overhead) checkResources(out, `${path}.overhead`, { limits: overhead }, new Set())
  if (spec.os) checkOs(out, path, spec)
  checkFileKeyVolumes(out, path, spec)
}

type ContainerOfPod = NonNullable<PodSpec['containers']>[number]

/** In the order of upstream's visitor. */
function eachContainer(path: string, spec: PodSpec, visit: (container: ContainerOfPod, path: string) => void): void {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    spec[list]?.forEach((container, i) => {
      visit(container as ContainerOfPod, `${path}.${list}[${i}]`)
    })
}

function checkHostNetworkPorts(out: Errors, path: string, spec: PodSpec): void {
  if (!spec.hostNetwork) return
  spec.containers?.forEach(({ ports }, i) => {
    ports?.forEach(({ hostPort = 0, containerPort }, j) => {
      if (hostPort !== containerPort)
        out.push(
          invalid(
            `${path}.containers[${i}].ports[${j}].containerPort`,
            containerPort,
            'must match `hostPort` when `hostNetwork` is true',
          ),
        )
    })
  })
}

/** On Windows, all containers of a pod are processes of the host, or none (upstream: validateWindowsHostProcessPod). */
function checkHostProcess(out: Errors, path: string, spec: PodSpec): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  const all: boolean[] = []
  eachContainer(path, spec, ({ securityContext }, at) => {
    const own = securityContext?.windowsOptions?.hostProcess
    if (own !== undefined && ofPod !== undefined && own !== ofPod) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
      out.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, detail))
    }
    all.push(own ?? ofPod ?? false)
  })
  if (!all.includes(true)) return
  if (all.includes(false)) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    out.push(invalid(path, '', detail))
  }
  if (!spec.hostNetwork)
    out.push(
      invalid(`${path}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'),
    )
}

function checkHostUsers(out: Errors, path: string, spec: PodSpec): void {
  if (spec.hostUsers !== false) return
  const detail = 'when `hostUsers` is false'
  if (spec.hostNetwork) out.push(forbidden(`${path}.hostNetwork`, detail))
  if (spec.hostPID) out.push(forbidden(`${path}.HostPID`, detail))
  if (spec.hostIPC) out.push(forbidden(`${path}.HostIPC`, detail))
}

/** A file of variables has to lie where a container can have written it. */
function checkFileKeyVolumes(out: Errors, path: string, spec: PodSpec): void {
  const volumes = new Map(spec.volumes?.map(volume => [volume.name, volume]))
  eachContainer(path, spec, ({ env }, at) => {
    env?.forEach(({ valueFrom }, i) => {
      const name = valueFrom?.fileKeyRef?.volumeName
      if (name === undefined) return
      const here = `${at}.env[${i}].valueFrom.fileKeyRef.volumeName`
      const volume = volumes.get(name)
      if (!volume) out.push(notFound(here, name))
      else if (!volume.emptyDir) out.push(invalid(here, name, 'referenced volume must be of type emptyDir'))
    })
  })
}

type SubdomainField = 'serviceAccountName' | 'nodeName' | 'priorityClassName' | 'runtimeClassName'

function checkSubdomain(out: Errors, path: string, spec: PodSpec, name: SubdomainField): void {
  const value = spec[name]
  if (value || (name === 'runtimeClassName' && value !== undefined))
    pushInvalid(out, `${path}.${name}`, value, dns1123SubdomainErrors(value))
}

function checkHostnameOverride(out: Errors, path: string, spec: PodSpec): void {
  const name = spec.hostnameOverride
  if (name === undefined) return
  if (spec.setHostnameAsFQDN) out.push(forbidden(path, 'may not be specified when setHostnameAsFQDN is true'))
  if (spec.hostNetwork) out.push(forbidden(path, 'may not be specified when hostNetwork is true'))
  if (name.length > 64) out.push(tooLong(path, 64))
  pushInvalid(out, path, name, dns1123SubdomainErrors(name))
}

function checkNumbers(out: Errors, path: string, spec: PodSpec): void {
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > 2147483647)) {
    out.push(invalid(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'))
  }
}

function checkGates(out: Errors, path: string, spec: PodSpec): void {
  spec.readinessGates?.forEach(({ conditionType }, i) => {
    pushInvalid(out, `${path}.readinessGates[${i}].conditionType`, conditionType, labelKeyErrors(conditionType))
  })
  const gates = new Set<string>()
  spec.schedulingGates?.forEach(({ name }, i) => {
    const messages = labelKeyErrors(name)
    pushInvalid(out, `${path}.schedulingGates[${i}]`, name, messages)
    if (gates.has(name)) out.push(duplicate(`${path}.schedulingGates[${i}]`, name))
    gates.add(name)
  })
}

function checkResourceClaims(out: Errors, path: string, spec: PodSpec): void {
  const names = new Set<string>()
  spec.resourceClaims?.forEach((claim, i) => {
    const at = `${path}[${i}]`
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    if (name === '') out.push(required(`${at}.name`))
    else if (names.has(name)) out.push(duplicate(`${at}.name`, name))
    else pushInvalid(out, `${at}.name`, name, dns1123LabelErrors(name))
    names.add(name)
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
      out.push(invalid(at, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      out.push(invalid(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const)
      if (claim[field] !== undefined)
        pushInvalid(out, `${at}.${field}`, claim[field], dns1123SubdomainErrors(claim[field]))
  })
}

const maxNameservers = 3
const maxSearchPaths = 32
const maxSearchBytes = 2048

function checkDns(out: Errors, path: string, spec: PodSpec): void {
  const config: PodDNSConfig | undefined = spec.dnsConfig
  if (spec.dnsPolicy === 'None') {
    if (!config) out.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'))
    else if (!config.nameservers?.length) {
      out.push(required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
    }
  }
  if (!config) return
  const { nameservers = [], searches = [], options = [] } = config
  if (nameservers.length > maxNameservers) {
    out.push(invalid(`${path}.nameservers`, nameservers, `must not have more than ${maxNameservers} nameservers`))
  }
  nameservers.forEach((address, i) => {
    pushInvalid(out, `${path}.nameservers[${i}]`, address, ipErrors(address))
  })
  if (searches.length > maxSearchPaths) {
    out.push(invalid(`${path}.searches`, searches, `must not have more than ${maxSearchPaths} search paths`))
  }
  if (searches.join(' ').length > maxSearchBytes) {
    out.push(
      invalid(
        `${path}.searches`,
        searches,
        `must not have more than ${maxSearchBytes} characters (including spaces) in the search list`,
      ),
    )
  }
  searches.forEach((search, i) => {
    // KEP-4427: underscores, and a single dot that stands for the root.
    if (search === '.') return
    const name = search.replace(/\.$/, '')
    pushInvalid(out, `${path}.searches[${i}]`, name, underscoredSubdomainErrors(name))
  })
  options.forEach((option, i) => {
    if (!option.name) out.push(required(`${path}.options[${i}]`, 'must not be empty'))
  })
}

function checkOs(out: Errors, path: string, spec: PodSpec): void {
  const name = spec.os?.name ?? ''
  if (name === '') out.push(required(`${path}.os.name`))
  else if (name !== 'linux' && name !== 'windows') {
    out.push(notSupported(`${path}.os`, name, ['linux', 'windows']))
  }
  if (name === 'linux' && spec.securityContext?.windowsOptions) {
    out.push(forbidden(`${path}.securityContext.windowsOptions`, 'windows options cannot be set for a linux pod'))
  }
}

export function checkPodTemplate(out: Errors, path: string, template: PodTemplateSpec): void {
  checkLabels(out, `${path}.labels`, template.metadata.labels)
  checkAnnotations(out, `${path}.annotations`, template.metadata.annotations)
  checkPodSpec(out, `${path}.spec`, template.spec)
  if (template.spec.ephemeralContainers?.length) {
    out.push(forbidden(`${path}.spec.ephemeralContainers`, noEphemeralContainers))
  }
}
