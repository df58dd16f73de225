/** Network policies, ingresses, service ranges, endpoints and endpoint slices. */
import type { Endpoints } from '../../../api/core/v1/endpoints.ts'
import type { Endpoint, EndpointSlice } from '../../../api/discovery/v1/endpoint-slice.ts'
import type { Ingress, IngressBackend } from '../../../api/networking/v1/ingress.ts'
import type { IngressClass } from '../../../api/networking/v1/ingress-class.ts'
import type { IPAddress } from '../../../api/networking/v1/ip-address.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../api/networking/v1/network-policy.ts'
import type { ServiceCIDR } from '../../../api/networking/v1/service-cidr.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong, tooMany } from '../../../schema/field-error.ts'
import {
  cidrErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  ipErrors,
  ipFamilyOf,
  isIp,
  pathSegmentErrors,
  portErrors,
  portNameErrors,
  wildcardSubdomainErrors,
} from '../../../schema/formats.ts'
import { labelKeyErrors, labelValueErrors } from '../../selectors/label-syntax.ts'
import {
  checkImmutable,
  checkLabelSelector,
  checkLabels,
  checkOneOf,
  checkPortNumOrName,
  checkPrefixedPath,
  checkUnchanged,
  comparisons,
  type Errors,
  pushInvalid,
} from '../checks.ts'

export function checkNetworkPolicy(out: Errors, { spec }: NetworkPolicy): void {
  checkLabelSelector(out, 'spec.podSelector', spec.podSelector)
  spec.ingress?.forEach((rule, i) => {
    checkPolicyPorts(out, `spec.ingress[${i}].ports`, rule.ports)
    rule.from?.forEach((peer, j) => {
      checkPeer(out, `spec.ingress[${i}].from[${j}]`, peer)
    })
  })
  spec.egress?.forEach((rule, i) => {
    checkPolicyPorts(out, `spec.egress[${i}].ports`, rule.ports)
    rule.to?.forEach((peer, j) => {
      checkPeer(out, `spec.egress[${i}].to[${j}]`, peer)
    })
  })
  const types = spec.policyTypes ?? []
  if (types.length > 2) out.push(invalid('spec.policyTypes', types, 'may not specify more than two policyTypes'))
  else
    types.forEach((type, i) => {
      checkOneOf(out, `spec.policyTypes[${i}]`, type, ['Ingress', 'Egress'])
    })
}

function checkPolicyPorts(out: Errors, path: string, ports: readonly NetworkPolicyPort[] | undefined): void {
  ports?.forEach(({ protocol, port, endPort }, i) => {
    const at = `${path}[${i}]`
    if (protocol !== undefined) checkOneOf(out, `${at}.protocol`, protocol, ['TCP', 'UDP', 'SCTP'])
    if (endPort !== undefined && typeof port !== 'number') {
      const why = port === undefined ? 'not specified' : 'non-numeric'
      out.push(invalid(`${at}.endPort`, endPort, `may not be specified when \`port\` is ${why}`))
    }
    if (port !== undefined) checkPortNumOrName(out, `${at}.port`, port)
    if (endPort === undefined || typeof port !== 'number') return
    if (endPort < port) out.push(invalid(`${at}.endPort`, endPort, 'must be greater than or equal to `port`'))
    pushInvalid(out, `${at}.endPort`, endPort, portErrors(endPort))
  })
}

function checkPeer(out: Errors, path: string, peer: NetworkPolicyPeer): void {
  if (!peer.podSelector && !peer.namespaceSelector && !peer.ipBlock) {
    out.push(required(path, 'must specify a peer'))
  }
  checkLabelSelector(out, `${path}.podSelector`, peer.podSelector)
  checkLabelSelector(out, `${path}.namespaceSelector`, peer.namespaceSelector)
  if (peer.ipBlock && peer.ipBlock.cidr !== '') {
    pushInvalid(out, `${path}.ipBlock.cidr`, peer.ipBlock.cidr, cidrErrors(peer.ipBlock.cidr))
    peer.ipBlock.except?.forEach((range, i) => {
      pushInvalid(out, `${path}.ipBlock.except[${i}]`, range, cidrErrors(range))
    })
  }
  if (peer.ipBlock && (peer.podSelector || peer.namespaceSelector))
    out.push(forbidden(path, 'may not specify both ipBlock and another peer'))
}

export function checkIngress(out: Errors, { spec }: Ingress): void {
  if (!spec.rules?.length && !spec.defaultBackend) {
    out.push(invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (spec.defaultBackend) checkBackend(out, 'spec.defaultBackend', spec.defaultBackend)
  spec.tls?.forEach(({ hosts, secretName }, i) => {
    hosts?.forEach((host, j) => {
      checkHost(out, `spec.tls[${i}].hosts[${j}]`, host)
    })
    if (secretName) pushInvalid(out, `spec.tls[${i}].secretName`, secretName, dns1123SubdomainErrors(secretName))
  })
  spec.rules?.forEach((rule, i) => {
    const at = `spec.rules[${i}]`
    if (rule.host) {
      if (isIp(rule.host)) out.push(invalid(`${at}.host`, rule.host, 'must be a DNS name, not an IP address'))
      checkHost(out, `${at}.host`, rule.host)
    }
    if (rule.http && !rule.http.paths?.length) out.push(required(`${at}.http.paths`))
    rule.http?.paths?.forEach((path, j) => {
      const here = `${at}.http.paths[${j}]`
      checkPath(out, here, path.path ?? '', path.pathType)
      if (path.pathType !== undefined) checkBackend(out, `${here}.backend`, path.backend)
    })
  })
  if (spec.ingressClassName !== undefined) {
    pushInvalid(out, 'spec.ingressClassName', spec.ingressClassName, dns1123SubdomainErrors(spec.ingressClassName))
  }
}

const checkHost = (out: Errors, path: string, host: string): void =>
  pushInvalid(out, path, host, host.includes('*') ? wildcardSubdomainErrors(host) : dns1123SubdomainErrors(host))

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']

function checkPath(out: Errors, path: string, value: string, pathType: string | undefined): void {
  if (pathType === undefined) {
    out.push(required(`${path}.pathType`, 'pathType must be specified'))
    return
  }
  if (pathType === 'ImplementationSpecific') {
    if (value !== '' && !value.startsWith('/')) out.push(invalid(`${path}.path`, value, 'must be an absolute path'))
    return
  }
  if (!pathTypes.includes(pathType)) return void out.push(notSupported(`${path}.pathType`, pathType, pathTypes))
  if (!value.startsWith('/')) out.push(invalid(`${path}.path`, value, 'must be an absolute path'))
  if (value === '') return
  for (const part of ['//', '/./', '/../', '%2f', '%2F']) {
    if (value.includes(part)) out.push(invalid(`${path}.path`, value, `must not contain '${part}'`))
  }
  for (const part of ['/..', '/.']) {
    if (value.endsWith(part)) out.push(invalid(`${path}.path`, value, `cannot end with '${part}'`))
  }
}

interface LocalReference {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
}

function checkLocalReference(out: Errors, path: string, reference: LocalReference): void {
  const { apiGroup } = reference
  if (apiGroup !== undefined) pushInvalid(out, `${path}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup))
  for (const field of ['kind', 'name'] as const) {
    if (reference[field] === '') out.push(required(`${path}.${field}`))
    else pushInvalid(out, `${path}.${field}`, reference[field], pathSegmentErrors(reference[field]))
  }
}

function checkBackend(out: Errors, path: string, { service, resource }: IngressBackend): void {
  if (service && resource) {
    out.push(invalid(path, '', 'cannot set both resource and service backends'))
    return
  }
  if (!service && !resource) {
    out.push(invalid(path, '', 'resource or service backend is required'))
    return
  }
  if (resource) checkLocalReference(out, `${path}.resource`, resource)
  if (!service) return
  if (service.name === '') out.push(required(`${path}.service.name`))
  else pushInvalid(out, `${path}.service.name`, service.name, dns1123LabelErrors(service.name))
  const { name, number } = service.port
  if (!name && !number) out.push(required(path, 'port name or number is required'))
  else if (name && number) out.push(invalid(path, '', 'cannot set both port name & port number'))
  else if (name) pushInvalid(out, `${path}.service.port.name`, name, portNameErrors(name))
  else pushInvalid(out, `${path}.service.port.number`, number, portErrors(number!))
}

export function checkIngressStatus(out: Errors, { status }: Ingress): void {
  status.loadBalancer?.ingress?.forEach(({ ip, hostname }, i) => {
    const at = `status.loadBalancer.ingress[${i}]`
    if (ip) pushInvalid(out, `${at}.ip`, ip, ipErrors(ip))
    if (!hostname) return
    pushInvalid(out, `${at}.hostname`, hostname, dns1123SubdomainErrors(hostname))
    if (isIp(hostname)) out.push(invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'))
  })
}

export function checkIngressCreate(out: Errors, ingress: Ingress): void {
  if (
    ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined &&
    ingress.spec.ingressClassName !== undefined
  ) {
    const value = ingress.metadata.annotations['kubernetes.io/ingress.class']
    out.push(
      invalid(
        'metadata.annotations[kubernetes.io/ingress.class]',
        value,
        'can not be set when the class field is also set',
      ),
    )
  }
  checkIngress(out, ingress)
}

export function checkIngressClass(out: Errors, { spec }: IngressClass): void {
  const controller = spec.controller ?? ''
  if (controller.length > 250) out.push(tooLong('spec.controller', 250))
  checkPrefixedPath(out, 'spec.controller', controller)
  const { parameters } = spec
  if (!parameters) return
  checkLocalReference(out, 'spec.parameters', parameters)
  if (parameters.scope === 'Namespace' && parameters.namespace) {
    pushInvalid(out, 'spec.parameters.namespace', parameters.namespace, dns1123LabelErrors(parameters.namespace))
  }
  if (parameters.scope !== 'Cluster' && parameters.scope !== 'Namespace') {
    out.push(notSupported('spec.parameters.scope', parameters.scope, ['Cluster', 'Namespace']))
  } else if (parameters.scope === 'Namespace' && !parameters.namespace) {
    out.push(required('spec.parameters.namespace', "`parameters.scope` is set to 'Namespace'"))
  } else if (parameters.scope === 'Cluster' && parameters.namespace !== undefined) {
    out.push(forbidden('spec.parameters.namespace', "`parameters.scope` is set to 'Cluster'"))
  }
}

export function checkIngressClassUpdate(out: Errors, made: IngressClass, old: IngressClass): void {
  checkImmutable(out, 'spec.controller', made.spec.controller ?? '', old.spec.controller ?? '')
  checkIngressClass(out, made)
}

export function checkIpAddress(out: Errors, { spec }: IPAddress): void {
  const { group = '', resource = '', name = '', namespace = '' } = spec.parentRef ?? {}
  const at = 'spec.parentRef'
  if (group !== '') pushInvalid(out, `${at}.group`, group, dns1123SubdomainErrors(group))
  // Missing ones are reported by their declaration.
  for (const [field, value] of Object.entries({ resource, name, namespace }))
    if (value !== '') pushInvalid(out, `${at}.${field}`, value, pathSegmentErrors(value))
}

export function checkIpAddressUpdate(out: Errors, address: IPAddress, old: IPAddress): void {
  checkIpAddress(out, address)
  checkUnchanged(out, 'spec.parentRef', address.spec.parentRef, old.spec.parentRef)
}

export function checkServiceCidr(out: Errors, { spec }: ServiceCIDR): void {
  const ranges = spec.cidrs ?? []
  if (ranges.length === 0) {
    out.push(required('spec.cidrs', 'at least one CIDR required'))
    return
  }
  if (ranges.length > 2) return void out.push(invalid('spec.cidrs', { CIDRs: ranges }, 'may only hold up to 2 values'))
  ranges.forEach((range, i) => {
    pushInvalid(out, `spec.cidrs[${i}]`, range, cidrErrors(range))
  })
  const isSound = ranges.every(range => cidrErrors(range).length === 0)
  if (ranges.length === 2 && isSound && ipFamilyOf(ranges[0]!) === ipFamilyOf(ranges[1]!)) {
    out.push(
      invalid(
        'spec.cidrs',
        ranges,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    )
  }
}

export function checkServiceCidrUpdate(out: Errors, made: ServiceCIDR, old: ServiceCIDR): void {
  const ranges = made.spec.cidrs ?? []
  const before = old.spec.cidrs ?? []
  if (before.length === ranges.length) {
    ranges.forEach((range, i) => {
      checkImmutable(out, `spec.cidrs[${i}]`, range, before[i])
    })
  } else if (before.length === 1 && ranges.length === 2) {
    checkImmutable(out, 'spec.cidrs[0]', ranges[0], before[0])
    checkServiceCidr(out, made)
  } else checkImmutable(out, 'spec.cidrs', made.spec.cidrs, before)
}

export function checkEndpoints(out: Errors, { subsets }: Endpoints): void {
  subsets?.forEach((subset, i) => {
    const at = `subsets[${i}]`
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length) {
      out.push(required(at, 'must specify `addresses` or `notReadyAddresses`'))
    }
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      subset[list]?.forEach((address, j) => {
        const here = `${at}.${list}[${j}]`
        // Upstream says it twice where it is none at all.
        if (ipErrors(address.ip).length > 0)
          pushInvalid(out, `${here}.ip`, address.ip, [...ipErrors(address.ip), 'must be a valid IP address'])
        else checkEndpointIp(out, `${here}.ip`, address.ip)
        if (address.hostname)
          pushInvalid(out, `${here}.hostname`, address.hostname, dns1123LabelErrors(address.hostname))
        if (address.nodeName !== undefined) {
          pushInvalid(out, `${here}.nodeName`, address.nodeName, dns1123SubdomainErrors(address.nodeName))
        }
      })
    }
    subset.ports?.forEach((port, j) => {
      const here = `${at}.ports[${j}]`
      if (!port.name && subset.ports!.length > 1) out.push(required(`${here}.name`))
      else if (port.name) pushInvalid(out, `${here}.name`, port.name, dns1123LabelErrors(port.name))
      pushInvalid(out, `${here}.port`, port.port, portErrors(port.port))
      if (port.appProtocol !== undefined) {
        pushInvalid(out, `${here}.appProtocol`, port.appProtocol, labelKeyErrors(port.appProtocol))
      }
    })
  })
}

function checkEndpointIp(out: Errors, path: string, ip: string): void {
  const messages = ipErrors(ip)
  pushInvalid(out, path, ip, messages)
  if (messages.length > 0) return
  if (ip === '0.0.0.0' || ip === '::') out.push(invalid(path, ip, `may not be unspecified (${ip})`))
  if (/^127\.|^::1$/.test(ip)) out.push(invalid(path, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  if (/^169\.254\.|^fe[89ab]/i.test(ip)) {
    out.push(invalid(path, ip, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  }
  if (/^224\.0\.0\.|^ff02:/i.test(ip)) {
    out.push(invalid(path, ip, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
  }
}

const maxEndpoints = 1000
const maxAddresses = 100
const maxSlicePorts = 20000
const maxHints = 8

export function checkEndpointSlice(out: Errors, slice: EndpointSlice): void {
  checkSlicePorts(out, slice)
  const endpoints = slice.endpoints ?? []
  if (endpoints.length > maxEndpoints) return void out.push(tooMany('endpoints', endpoints.length, maxEndpoints))
  endpoints.forEach((endpoint, i) => {
    checkSliceEndpoint(out, `endpoints[${i}]`, endpoint, slice.addressType)
  })
}

function checkSliceEndpoint(out: Errors, path: string, endpoint: Endpoint, addressType: string): void {
  const addresses = endpoint.addresses ?? []
  if (addresses.length === 0) out.push(required(`${path}.addresses`))
  if (addresses.length > maxAddresses) out.push(tooMany(`${path}.addresses`, addresses.length, maxAddresses))
  addresses.forEach((address, i) => {
    checkSliceAddress(out, `${path}.addresses`, i, address, addressType)
  })
  if (endpoint.nodeName !== undefined)
    pushInvalid(out, `${path}.nodeName`, endpoint.nodeName, dns1123SubdomainErrors(endpoint.nodeName))
  checkLabels(out, `${path}.deprecatedTopology`, endpoint.deprecatedTopology)
  if (endpoint.hostname !== undefined)
    pushInvalid(out, `${path}.hostname`, endpoint.hostname, dns1123LabelErrors(endpoint.hostname))
  const { forZones, forNodes } = endpoint.hints ?? {}
  checkHints(out, `${path}.hints.forZones`, forZones, labelValueErrors)
  checkHints(out, `${path}.hints.forNodes`, forNodes, dns1123SubdomainErrors)
}

function checkHints(
  out: Errors,
  path: string,
  hints: readonly { readonly name: string }[] | undefined,
  errorsOf: (name: string) => string[],
): void {
  if ((hints?.length ?? 0) > maxHints) return void out.push(tooMany(path, hints!.length, maxHints))
  const seen = new Set<string>()
  hints?.forEach(({ name }, i) => {
    const at = `${path}[${i}].name`
    if (seen.has(name)) out.push(duplicate(at, name))
    seen.add(name)
    pushInvalid(out, at, name, errorsOf(name))
  })
}

function checkSlicePorts(out: Errors, slice: EndpointSlice): void {
  const ports = slice.ports ?? []
  if (ports.length > maxSlicePorts) return void out.push(tooMany('ports', ports.length, maxSlicePorts))
  const names = new Set<string>()
  ports.forEach((port, i) => {
    const name = port.name ?? ''
    if (name !== '') pushInvalid(out, `ports[${i}].name`, name, dns1123LabelErrors(name))
    if (names.has(name)) out.push(duplicate(`ports[${i}].name`, name))
    names.add(name)
    if (port.appProtocol !== undefined)
      pushInvalid(out, `ports[${i}].appProtocol`, port.appProtocol, labelKeyErrors(port.appProtocol))
  })
}

function checkSliceAddress(out: Errors, list: string, i: number, address: string, type: string): void {
  const path = `${list}[${i}]`
  if (type === 'FQDN') return void checkDomain(out, path, address)
  if (type !== 'IPv4' && type !== 'IPv6') return
  if (!isIp(address)) return void out.push(invalid(path, address, ipErrors(address)[0]!))
  // Upstream names the list alone here.
  if (ipFamilyOf(address) !== type) out.push(invalid(list, address, `must be an ${type} address`))
  checkEndpointIp(out, path, address)
}

/** Of two labels at least; a dot may stand at its end. */
function checkDomain(out: Errors, path: string, domain: string): void {
  if (domain === '') return void out.push(required(path))
  const name = domain.replace(/\.$/, '')
  const errors = dns1123SubdomainErrors(name)
  if (errors.length > 0) return void out.push(invalid(path, name, errors.join(',')))
  const labels = name.split('.')
  if (labels.length < 2) {
    out.push(invalid(path, name, 'should be a domain with at least two segments separated by dots'))
    return
  }
  for (const label of labels) pushInvalid(out, path, label, dns1123LabelErrors(label))
}

export function checkEndpointSliceUpdate(out: Errors, slice: EndpointSlice, old: EndpointSlice): void {
  checkEndpointSlice(out, slice)
  out.push(comparisons)
  checkUnchanged(out, 'addressType', slice.addressType, old.addressType)
}
