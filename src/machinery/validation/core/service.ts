/** Services (upstream: ValidateService, ValidateServiceUpdate). Allocated addresses are checked by whoever allocates them. */
import type { Service, ServicePort } from '../../../api/core/v1/service.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { cidrErrors, dns1123SubdomainErrors, ipErrors, ipFamilyOf, isIp } from '../../../schema/formats.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkLabels, checkOneOf, checkPortNumOrName, type Errors, pushInvalid } from '../checks.ts'

const maxStickySeconds = 86400

export function checkService(out: Errors, service: Service): void {
  const { spec } = service
  const ports = spec.ports ?? []
  const isHeadless = spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None'
  if (ports.length === 0 && !isHeadless && spec.type !== 'ExternalName') out.push(required('spec.ports'))
  if (spec.type === 'LoadBalancer' && isHeadless) {
    out.push(invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services"))
  }
  if (spec.type === 'NodePort' && isHeadless) {
    out.push(invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for NodePort services"))
  }
  if (spec.type === 'ExternalName') checkExternalName(out, service)
  checkPorts(out, service)
  checkLabels(out, 'spec.selector', spec.selector)
  checkAffinity(out, service)
  checkAddresses(out, service)
  checkPolicies(out, service)
}

function checkExternalName(out: Errors, { spec }: Service): void {
  if (spec.clusterIPs?.length) {
    out.push(forbidden('spec.clusterIPs', 'may not be set for ExternalName services'))
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (name === '') out.push(required('spec.externalName'))
  else pushInvalid(out, 'spec.externalName', name, dns1123SubdomainErrors(name))
}

function checkPorts(out: Errors, { spec }: Service): void {
  const ports = spec.ports ?? []
  const names = new Set<string>()
  const uses = new Set<string>()
  const nodePorts = new Set<string>()
  ports.forEach((port, i) => {
    const at = `spec.ports[${i}]`
    checkPort(out, at, port, ports.length > 1, names)
    const use = `${port.protocol}/${port.port}`
    if (uses.has(use)) out.push(duplicate(at, { port: port.port, protocol: port.protocol }))
    uses.add(use)
    if (!port.nodePort) return
    if (spec.type === 'ClusterIP' || spec.type === 'ExternalName') {
      out.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
    }
    const node = `${port.protocol}/${port.nodePort}`
    if (nodePorts.has(node)) out.push(duplicate(`${at}.nodePort`, port.nodePort))
    nodePorts.add(node)
  })
}

function checkPort(out: Errors, path: string, port: ServicePort, needsName: boolean, names: Set<string>): void {
  if (!port.name) {
    if (needsName) out.push(required(`${path}.name`))
  } else {
    if (names.has(port.name)) out.push(duplicate(`${path}.name`, port.name))
    names.add(port.name)
  }
  checkPortNumOrName(out, `${path}.targetPort`, port.targetPort)
  if (port.appProtocol !== undefined) {
    pushInvalid(out, `${path}.appProtocol`, port.appProtocol, labelKeyErrors(port.appProtocol))
  }
}

function checkAffinity(out: Errors, { spec }: Service): void {
  const at = 'spec.sessionAffinityConfig'
  if (spec.sessionAffinity === 'None') {
    if (spec.sessionAffinityConfig) {
      out.push(forbidden(at, 'must not be set when session affinity is None'))
    }
    return
  }
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (seconds === undefined)
    out.push(required(`${at}.clientIP.timeoutSeconds`, 'when session affinity type is ClientIP'))
  else if (seconds <= 0 || seconds > maxStickySeconds) {
    out.push(
      invalid(`${at}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${maxStickySeconds}`),
    )
  }
}

function checkAddresses(out: Errors, { spec }: Service): void {
  spec.externalIPs?.forEach((address, i) => {
    const at = `spec.externalIPs[${i}]`
    pushInvalid(out, at, address, ipErrors(address))
    if (address === '0.0.0.0' || address === '::') out.push(invalid(at, address, `may not be unspecified (${address})`))
    if (/^127\.|^::1$/.test(address))
      out.push(invalid(at, address, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
    if (/^169\.254\.|^fe[89ab]/i.test(address)) {
      out.push(invalid(at, address, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
    }
  })
  if (spec.loadBalancerSourceRanges?.length) {
    if (spec.type !== 'LoadBalancer') {
      out.push(forbidden('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'"))
    }
    spec.loadBalancerSourceRanges.forEach((range, i) => {
      pushInvalid(out, `spec.LoadBalancerSourceRanges[${i}]`, range, cidrErrors(range.trim()))
    })
  }
  checkClusterIps(out, { spec })
}

const families = ['IPv4', 'IPv6']
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

/** Looked at before addresses are allocated too (upstream: ValidateServiceClusterIPsRelatedFields). */
export function checkClusterIps(out: Errors, { spec }: Pick<Service, 'spec'>): void {
  if (spec.type === 'ExternalName') return
  const ips = spec.clusterIPs ?? []
  if (spec.clusterIP && ips.length === 0) out.push(required('spec.clusterIPs'))
  else if (spec.clusterIP && ips[0] !== spec.clusterIP)
    out.push(invalid('spec.clusterIPs', ips, 'first value must match `clusterIP`'))
  if (!spec.clusterIP && ips.length > 0)
    out.push(invalid('spec.clusterIPs', ips, 'must be empty when `clusterIP` is not specified'))
  spec.ipFamilies?.forEach((family, i) => {
    const at = `spec.ipFamilies[${i}]`
    if (!families.includes(family)) out.push(notSupported(at, family, families))
    if (spec.ipFamilies?.indexOf(family) !== i) out.push(duplicate(at, family))
  })
  const policy: string | undefined = spec.ipFamilyPolicy
  if (policy !== undefined && !familyPolicies.includes(policy))
    out.push(notSupported('spec.ipFamilyPolicy', policy, familyPolicies))
  checkEachClusterIp(out, spec, ips)
}

function checkEachClusterIp(out: Errors, spec: Service['spec'], ips: readonly string[]): void {
  const before = out.length
  ips.forEach((address, i) => {
    if (i > 0 || address !== 'None') pushInvalid(out, `spec.clusterIPs[${i}]`, address, ipErrors(address))
    else if (ips.length > 1) out.push(invalid('spec.clusterIPs', ips, "'None' must be the first and only value"))
  })
  const areAddresses = out.length === before
  if (ips.length > 2) out.push(invalid('spec.clusterIPs', ips, 'may only hold up to 2 values'))
  if (!areAddresses) return
  if (ips.length > 1 && new Set(ips.map(ipFamilyOf)).size < 2)
    out.push(invalid('spec.clusterIPs', ips, 'may specify no more than one IP for each IP family'))
  if (ips[0] === 'None') return
  ips.forEach((address, i) => {
    const family = spec.ipFamilies?.[i]
    if (family === undefined || !families.includes(family) || ipFamilyOf(address) === family) return
    out.push(
      invalid(`spec.clusterIPs[${i}]`, address, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``),
    )
  })
}

function checkPolicies(out: Errors, { spec }: Service): void {
  const isExternal =
    spec.type === 'NodePort' ||
    spec.type === 'LoadBalancer' ||
    (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
  if (spec.externalTrafficPolicy && !isExternal) {
    out.push(
      invalid(
        'spec.externalTrafficPolicy',
        spec.externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    )
  } else if (spec.externalTrafficPolicy)
    checkOneOf(out, 'spec.externalTrafficPolicy', spec.externalTrafficPolicy, ['Cluster', 'Local'])
  if (spec.healthCheckNodePort && !(spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local')) {
    out.push(
      invalid(
        'spec.healthCheckNodePort',
        spec.healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    )
  }
  if (spec.internalTrafficPolicy === undefined && spec.type !== 'ExternalName') {
    out.push(required('spec.internalTrafficPolicy'))
  }
  if (spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts !== undefined) {
      out.push(forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"))
    }
    if (spec.loadBalancerClass !== undefined) {
      out.push(forbidden('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'"))
    }
  } else if (spec.loadBalancerClass !== undefined) {
    pushInvalid(out, 'spec.loadBalancerClass', spec.loadBalancerClass, labelKeyErrors(spec.loadBalancerClass))
  }
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
  if (spec.trafficDistribution !== undefined && !distributions.includes(spec.trafficDistribution)) {
    out.push(notSupported('spec.trafficDistribution', spec.trafficDistribution, distributions))
  }
}

function checkKeptClusterIps(out: Errors, spec: Service['spec'], old: Service['spec']): void {
  const [now, then] = [spec.clusterIPs ?? [], old.clusterIPs ?? []]
  if (now[0] === 'None' && then[0] === 'None') return
  const changed = (i: number) => out.push(invalid(`spec.clusterIPs[${i}]`, now, 'may not change once set'))
  if (now.length === then.length) {
    then.forEach((address, i) => {
      if (address !== now[i]) changed(i)
    })
    return
  }
  if (now.length < then.length && now.length === 0)
    out.push(invalid('spec.clusterIPs[0]', spec.clusterIPs, 'primary clusterIP can not be unset'))
  else if (then.length > 0 && now[0] !== then[0]) changed(0)
  if (now.length === 1 && then.length > 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const message = "must be set to 'SingleStack' when releasing the secondary clusterIP"
    out.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, message))
  }
}

export function checkServiceUpdate(out: Errors, service: Service, old: Service): void {
  const { spec } = service
  if (spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName') checkKeptClusterIps(out, spec, old.spec)
  if (
    spec.type === 'LoadBalancer' &&
    old.spec.type === 'LoadBalancer' &&
    spec.loadBalancerClass !== old.spec.loadBalancerClass
  ) {
    out.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'))
  }
  checkService(out, service)
}

export function checkServiceStatus(out: Errors, service: Service): void {
  const ingress = service.status.loadBalancer.ingress ?? []
  if (ingress.length > 0 && service.spec.type !== 'LoadBalancer') {
    out.push(forbidden('status.loadBalancer.ingress', "may only be used when `spec.type` is 'LoadBalancer'"))
    return
  }
  ingress.forEach((point, i) => {
    const at = `status.loadBalancer.ingress[${i}]`
    if (point.ip) pushInvalid(out, `${at}.ip`, point.ip, ipErrors(point.ip))
    if (point.ipMode !== undefined && !point.ip) {
      out.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'))
    } else if (point.ipMode === undefined && point.ip) {
      out.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'))
    }
    if (point.hostname) {
      pushInvalid(out, `${at}.hostname`, point.hostname, dns1123SubdomainErrors(point.hostname))
      if (isIp(point.hostname))
        out.push(invalid(`${at}.hostname`, point.hostname, 'must be a DNS name, not an IP address'))
    }
  })
}
