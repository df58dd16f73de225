/** Specs of pods and of pod templates (upstream: ValidatePodSpec, ValidatePodTemplateSpec). */
import type { PodDNSConfig, PodSpec, PodTemplateSpec } from '../../../api/core/v1/pod-spec.ts'
import { duplicate, forbidden, invalid, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors, ipErrors } from '../../../schema/formats.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkAnnotations, checkLabels, type Errors, pushInvalid } from '../checks.ts'
import { checkAffinity, checkTolerations, checkTopologySpread } from './affinity.ts'
import { checkContainers } from './containers.ts'
import { checkResources } from './resources.ts'
import { checkPodSecurityContext } from './security-context.ts'
import { checkVolumes } from './volumes.ts'

export function checkPodSpec(out: Errors, path: string, spec: PodSpec, podName = ''): void {
  checkVolumes(out, `${path}.volumes`, spec.volumes, podName)
  checkContainers(out, path, spec)
  checkLabels(out, `${path}.nodeSelector`, spec.nodeSelector)
  checkPodSecurityContext(out, `${path}.securityContext`, spec)
  if (spec.affinity) checkAffinity(out, `${path}.affinity`, spec.affinity)
  checkTolerations(out, `${path}.tolerations`, spec.tolerations)
  checkTopologySpread(out, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints)
  checkDns(out, `${path}.dnsConfig`, spec)
  checkNames(out, path, spec)
  checkNumbers(out, path, spec)
  checkLists(out, path, spec)
  if (spec.resources) checkResources(out, `${path}.resources`, spec.resources, new Set())
  if (spec.os) checkOs(out, path, spec)
}

function checkNames(out: Errors, path: string, spec: PodSpec): void {
  const subdomains = ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const
  for (const name of subdomains) {
    if (spec[name]) pushInvalid(out, `${path}.${name}`, spec[name], dns1123SubdomainErrors(spec[name]))
  }
  for (const name of ['hostname', 'subdomain'] as const) {
    if (spec[name]) pushInvalid(out, `${path}.${name}`, spec[name], dns1123LabelErrors(spec[name]))
  }
  if (spec.hostnameOverride !== undefined) {
    const at = `${path}.hostnameOverride`
    if (spec.hostNetwork) out.push(forbidden(at, 'may not be specified when hostNetwork is true'))
    if (spec.setHostnameAsFQDN) out.push(forbidden(at, 'may not be specified when setHostnameAsFQDN is true'))
    pushInvalid(out, at, spec.hostnameOverride, dns1123SubdomainErrors(spec.hostnameOverride))
  }
}

function checkNumbers(out: Errors, path: string, spec: PodSpec): void {
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > 2147483647)) {
    out.push(invalid(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'))
  }
}

function checkLists(out: Errors, path: string, spec: PodSpec): void {
  spec.hostAliases?.forEach(({ ip, hostnames }, i) => {
    pushInvalid(out, `${path}.hostAliases[${i}].ip`, ip, ipErrors(ip))
    hostnames?.forEach(hostname => {
      pushInvalid(out, `${path}.hostAliases[${i}].hostnames`, hostname, dns1123SubdomainErrors(hostname))
    })
  })
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
  const claims = new Set<string>()
  spec.resourceClaims?.forEach((claim, i) => {
    const at = `${path}.resourceClaims[${i}]`
    if (claim.name !== '') pushInvalid(out, `${at}.name`, claim.name, dns1123LabelErrors(claim.name))
    if (claims.has(claim.name)) out.push(duplicate(`${at}.name`, claim.name))
    claims.add(claim.name)
    const count = Number(claim.resourceClaimName !== undefined) + Number(claim.resourceClaimTemplateName !== undefined)
    if (count !== 1) {
      const detail =
        count === 0
          ? 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
          : 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      out.push(invalid(at, claim, detail))
    }
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
    const messages = dns1123SubdomainErrors(search.replace(/\.$/, '').replaceAll('_', 'a'))
    pushInvalid(out, `${path}.searches[${i}]`, search, messages)
  })
  options.forEach((option, i) => {
    if (!option.name) out.push(required(`${path}.options[${i}]`, 'must not be empty'))
  })
}

function checkOs(out: Errors, path: string, spec: PodSpec): void {
  const name = spec.os?.name ?? ''
  if (name === '') out.push(required(`${path}.os.name`, 'cannot be empty'))
  else if (name !== 'linux' && name !== 'windows') {
    out.push({
      reason: 'FieldValueNotSupported',
      field: `${path}.os`,
      message: `Unsupported value: ${JSON.stringify(name)}: supported values: "linux", "windows"`,
    })
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
    out.push(forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
  }
}
