/** What becomes of a request for a certificate: approved if a node may have it, signed once approved, deleted when old. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  CertificateSigningRequest,
  type CertificateSigningRequestCondition,
} from '../../api/certificates/v1/certificate-signing-request.ts'
import type { Node } from '../../api/core/v1/node.ts'
import { type Authority, signCertificateRequest } from '../../base/pki/certificate.ts'
import { type ParsedRequest, parseCertificateRequest } from '../../base/pki/certificate-request.ts'
import { readPem } from '../../base/pki/pem.ts'
import { usagesOf } from '../../base/pki/usages.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { bootstrapUserPrefix } from '../../machinery/bootstrap-token.ts'
import { machineKeyAnnotation, publicKeyHash } from '../../machinery/node-annotations.ts'
import type { Action } from '../runtime/action.ts'
import { kubeletClientError, kubeletClientSigner, signers } from './signers.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const endedMs = hourMs
const waitingMs = 24 * hourMs

const backdateMs = 5 * minuteMs
/** Certificates that live shorter lose nothing of their time at the end. */
const shortMs = 8 * hourMs
const leastLifetimeMs = 10 * minuteMs
export const defaultLifetimeMs = 365 * 24 * hourMs

export interface SigningAuthority {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

export const authorityOf = ({ certificatePem, privateKeyPem }: SigningAuthority): Authority => ({
  certificate: new X509Certificate(certificatePem),
  key: createPrivateKey(privateKeyPem),
})

type Request = CertificateSigningRequest

const conditionOf = ({ status }: Request, type: string): CertificateSigningRequestCondition | undefined =>
  status.conditions?.find(condition => condition.type === type && condition.status === 'True')

export const isJudged = (request: Request): boolean =>
  (request.status.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied')

export function parsedOf({ spec }: Request): ParsedRequest | undefined {
  const [block] = readPem(Buffer.from(spec.request ?? '', 'base64').toString('latin1'))
  try {
    return block && parseCertificateRequest(block.bytes)
  } catch {
    return undefined
  }
}

/**
 * The permissions of which any lets a kubelet's request be approved without a person: for the node that asks, or for
 * whoever may ask for nodes.
 */
export function approvalsOf(request: Request): readonly { subresource: string; message: string }[] {
  if (request.status.certificate || isJudged(request) || request.spec.signerName !== kubeletClientSigner) return []
  const parsed = parsedOf(request)
  if (!parsed || kubeletClientError(parsed, request.spec.usages ?? []) !== undefined) return []
  const forAny = {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  }
  if (request.spec.username !== parsed.commonName) return [forAny]
  const forItself = {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  }
  return [forItself, forAny]
}

const withCondition = (request: Request, condition: CertificateSigningRequestCondition): Request => ({
  ...request,
  status: { ...request.status, conditions: [...(request.status.conditions ?? []), condition] },
})

export const judged = (request: Request, type: 'Approved' | 'Denied', reason: string, message: string): Action => ({
  do: 'updateStatus',
  kind: CertificateSigningRequest,
  subresource: 'approval',
  object: withCondition(request, { type, status: 'True', reason, message }),
})

/**
 * Who shows a bootstrap token may become any node but one that is there: whose key it is, its Node says. A machine that
 * lost its certificate, but not its key, comes back; for another one the Node has to be deleted first. Undefined: not
 * taken.
 */
export function takenNodeName(request: Request, node: (name: string) => Node | undefined): string | undefined {
  const { signerName, username = '' } = request.spec
  if (signerName !== kubeletClientSigner || !username.startsWith(bootstrapUserPrefix) || isJudged(request))
    return undefined
  const parsed = parsedOf(request)
  const name = parsed?.commonName.replace(/^system:node:/, '') ?? ''
  const known = node(name)
  if (!parsed || !known) return undefined
  const isSame = known.metadata.annotations?.[machineKeyAnnotation] === publicKeyHash(parsed.publicKey)
  return isSame ? undefined : `the node name ${name} is taken by another machine`
}

const store = (object: Request): Action => ({ do: 'updateStatus', kind: CertificateSigningRequest, object })

function lifetimeMs(expirationSeconds: number | undefined): number {
  if (expirationSeconds === undefined) return defaultLifetimeMs
  return Math.min(Math.max(expirationSeconds * 1000, leastLifetimeMs), defaultLifetimeMs)
}

/** Signs what is approved and asks one of the cluster's signers; undefined where there is nothing to sign. */
export function sign(request: Request, authority: Authority, nowMs: number): Action | undefined {
  const { signerName, usages = [], expirationSeconds } = request.spec
  const check = signers.get(signerName)
  if (!check || request.status.certificate || !conditionOf(request, 'Approved')) return undefined
  if (conditionOf(request, 'Denied') || conditionOf(request, 'Failed')) return undefined
  const parsed = parsedOf(request)
  if (!parsed) return undefined
  const error = check(parsed, usages)
  if (error !== undefined) {
    const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: error }
    return store(withCondition(request, { ...failed, lastUpdateTime: timeOf(nowMs) }))
  }
  const lifetime = lifetimeMs(expirationSeconds)
  const certificatePem = signCertificateRequest(authority, {
    request: parsed,
    usages: usagesOf(usages),
    notBeforeMs: nowMs - backdateMs,
    notAfterMs: nowMs + lifetime - (lifetime < shortMs ? 0 : backdateMs),
  })
  const certificate = Buffer.from(certificatePem).toString('base64')
  return store({ ...request, status: { ...request.status, certificate } })
}

/** When a request has served its time. */
export function removalMs(request: Request): number {
  const { conditions = [], certificate } = request.status
  if (conditions.length === 0) return epochMsOf(request.metadata.creationTimestamp) + waitingMs
  const times = conditions.flatMap(({ type, lastUpdateTime }) => {
    const writtenMs = epochMsOf(lastUpdateTime)
    if (writtenMs === 0) return []
    if (type === 'Denied' || type === 'Failed') return [writtenMs + endedMs]
    return type === 'Approved' ? [writtenMs + (certificate ? endedMs : waitingMs)] : []
  })
  return Math.min(...times, Number.POSITIVE_INFINITY)
}
