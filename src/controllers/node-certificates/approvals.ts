/**
 * What a node may have without a person: the serving certificate of its kubelet, and client certificates of the
 * components that run beside it. A node that lies about itself gains nothing: the names and addresses of the API server
 * and of other nodes are refused.
 */
import { BlockList, isIP } from 'node:net'
import type { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import type { Node } from '../../api/core/v1/node.ts'
import type { ParsedRequest } from '../../base/pki/certificate-request.ts'
import { isJudged, parsedOf } from '../certificate-signing/plan.ts'
import { clientSigner, kubeletServingSigner, signers } from '../certificate-signing/signers.ts'

/** The users that the components of a node are; each is bound to a role of its own that only reads. */
const componentNames = new Set(['system:kube-proxy', 'system:clipper:dns', 'system:clipper:network'])
/** A component's certificate outlives the node's removal by so much at most. */
export const componentLifetimeSeconds = 24 * 3600

const nodePrefix = 'system:node:'

export interface ApprovalFacts {
  readonly node: (name: string) => Node | undefined
  readonly nodes: () => readonly Node[]
  /** Addresses of the API servers. */
  readonly serverAddresses: () => readonly string[]
  readonly serviceCidrs: () => readonly string[]
}

export type Judgement = { readonly approve: boolean; readonly reason: string; readonly message: string }

const approve = (message: string): Judgement => ({ approve: true, reason: 'AutoApproved', message })
const deny = (message: string): Judgement => ({ approve: false, reason: 'NotAllowed', message })

/** Undefined for requests that are not this approver's to judge: a person or another approver does. */
export function judge(request: CertificateSigningRequest, facts: ApprovalFacts): Judgement | undefined {
  const { status, spec } = request
  if (isJudged(request) || status.certificate || !spec.groups?.includes('system:nodes')) return undefined
  if (!spec.username?.startsWith(nodePrefix)) return undefined
  const parsed = parsedOf(request)
  if (!parsed || signers.get(spec.signerName)?.(parsed, spec.usages ?? []) !== undefined) return undefined
  const nodeName = spec.username.slice(nodePrefix.length)
  if (spec.signerName === kubeletServingSigner) return judgeServing(parsed, nodeName, facts)
  if (spec.signerName === clientSigner) return judgeComponent(request, parsed, nodeName, facts)
  return undefined
}

function judgeComponent(
  { spec }: CertificateSigningRequest,
  { commonName, organizations }: ParsedRequest,
  nodeName: string,
  facts: ApprovalFacts,
): Judgement | undefined {
  if (!componentNames.has(commonName)) return undefined
  if (organizations.length > 0) return deny('the certificate of a component names no groups')
  if (!facts.node(nodeName)) return undefined
  if ((spec.expirationSeconds ?? Number.POSITIVE_INFINITY) > componentLifetimeSeconds)
    return deny(`the certificate of a component lives ${componentLifetimeSeconds} s at most`)
  return approve(`Certificate of ${commonName} on the node ${nodeName}.`)
}

function judgeServing(parsed: ParsedRequest, nodeName: string, facts: ApprovalFacts): Judgement | undefined {
  if (parsed.commonName !== `${nodePrefix}${nodeName}`) return deny('a node asks for its own certificates only')
  const node = facts.node(nodeName)
  // It may come in a moment: the informer tells, and the request is looked at again.
  if (!node) return undefined
  const own = new Set((node.status.addresses ?? []).map(({ address }) => address))
  const foreign =
    parsed.dnsNames.find(name => !own.has(name) || isServerName(name)) ??
    parsed.ipAddresses.find(address => !own.has(address))
  if (foreign !== undefined) return undefined
  const taken = takenAddress(parsed.ipAddresses, node, facts)
  if (taken !== undefined) return deny(`the address ${taken} is not the node's alone`)
  return approve(`Serving certificate of the kubelet of ${nodeName}.`)
}

/** Names under which clients look for the API server. */
const isServerName = (name: string): boolean =>
  name === 'localhost' || name === 'kubernetes' || name.startsWith('kubernetes.') || /\.svc(\.|$)/.test(name)

function takenAddress(addresses: readonly string[], node: Node, facts: ApprovalFacts): string | undefined {
  const others = facts
    .nodes()
    .filter(({ metadata }) => metadata.name !== node.metadata.name)
    .flatMap(({ status }) => (status.addresses ?? []).map(({ address }) => address))
  const reserved = new Set([...others, ...facts.serverAddresses()])
  const services = new BlockList()
  for (const range of facts.serviceCidrs()) {
    const [base = '', prefix] = range.split('/')
    services.addSubnet(base, Number(prefix), isIP(base) === 6 ? 'ipv6' : 'ipv4')
  }
  const isBad = (address: string) =>
    reserved.has(address) ||
    services.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') ||
    /^(127\.|0\.|::1$)/.test(address)
  return addresses.find(isBad)
}
