/** What the signers of the cluster demand of a request (Kubernetes documentation, "Kubernetes signers"). */
import type { ParsedRequest } from '../../base/pki/certificate-request.ts'

export const clientSigner = 'kubernetes.io/kube-apiserver-client'
export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet'
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving'
export const legacySigner = 'kubernetes.io/legacy-unknown'

type Check = (request: ParsedRequest, usages: readonly string[]) => string | undefined

const isExactly = (usages: readonly string[], ...wanted: readonly string[]): boolean =>
  new Set(usages).size === wanted.length && wanted.every(usage => usages.includes(usage))

/** Keys that are not RSA encipher no other keys. */
const forNodes = (usages: readonly string[], auth: string): string | undefined =>
  isExactly(usages, 'digital signature', 'key encipherment', auth) || isExactly(usages, 'digital signature', auth)
    ? undefined
    : `usages did not match [${[auth, 'digital signature', 'key encipherment'].sort().join(' ')}]`

const notOfNodes = ({ organizations }: ParsedRequest): string | undefined =>
  organizations.length === 1 && organizations[0] === 'system:nodes'
    ? undefined
    : 'subject organization is not system:nodes'

const notANode = ({ commonName }: ParsedRequest): string | undefined =>
  commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:'

const notAllowed = (names: readonly string[], what: string): string | undefined =>
  names.length > 0 ? `${what} subjectAltNames are not allowed` : undefined

export const kubeletClientError: Check = (request, usages) =>
  notOfNodes(request) ??
  notAllowed(request.dnsNames, 'DNS') ??
  notAllowed(request.emailAddresses, 'Email') ??
  notAllowed(request.ipAddresses, 'IP') ??
  notAllowed(request.uris, 'URI') ??
  notANode(request) ??
  forNodes(usages, 'client auth')

const kubeletServingError: Check = (request, usages) =>
  notOfNodes(request) ??
  (request.dnsNames.length + request.ipAddresses.length === 0 ? 'DNS or IP subjectAltName is required' : undefined) ??
  notAllowed(request.emailAddresses, 'Email') ??
  notAllowed(request.uris, 'URI') ??
  forNodes(usages, 'server auth') ??
  notANode(request)

const clientError: Check = (_, usages) => {
  const allowed = ['digital signature', 'key encipherment', 'client auth']
  const bad = usages.find(usage => !allowed.includes(usage))
  if (bad !== undefined) return `invalid usage for client certificate: ${bad}`
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
}

/** By the signer's name; other signers are not this cluster's. */
export const signers: ReadonlyMap<string, Check> = new Map<string, Check>([
  [clientSigner, clientError],
  [kubeletClientSigner, kubeletClientError],
  [kubeletServingSigner, kubeletServingError],
  [legacySigner, () => undefined],
])
