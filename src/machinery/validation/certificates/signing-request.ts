/** Requests for certificates (upstream: ValidateCertificateSigningRequestCreate and the updates of its parts). */
import { X509Certificate } from 'node:crypto'
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../../api/certificates/v1/certificate-signing-request.ts'
import { parseCertificateRequest } from '../../../base/pki/certificate-request.ts'
import { readPem } from '../../../base/pki/pem.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { type Errors, isSame } from '../checks.ts'
import { checkSignerName } from './names.ts'

const legacySigner = 'kubernetes.io/legacy-unknown'
const leastSeconds = 600

const conditionsOf = (request: CertificateSigningRequest): readonly CertificateSigningRequestCondition[] =>
  request.status.conditions ?? []

const ofType = (request: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] =>
  conditionsOf(request).filter(condition => condition.type === type)

const hasDuplicates = (values: readonly string[]): boolean => new Set(values).size < values.length

/** What is wrong with the request for the signer, in Go's words where it is the encoding. */
function requestError(base64: string): string | undefined {
  const [block] = readPem(Buffer.from(base64, 'base64').toString('latin1'))
  if (block?.label !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST'
  try {
    return parseCertificateRequest(block.bytes).isSigned() ? undefined : 'x509: signature verification failed'
  } catch {
    return 'asn1: structure error: malformed certificate request'
  }
}

function certificateError(base64: string | undefined): string | undefined {
  if (!base64) return undefined
  const blocks = readPem(Buffer.from(base64, 'base64').toString('latin1'))
  for (const { label, headers, bytes } of blocks) {
    if (label !== 'CERTIFICATE') {
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`
    }
    if (Object.keys(headers).length > 0) return 'no PEM block headers are permitted'
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates'
    try {
      new X509Certificate(bytes)
    } catch {
      return 'x509: malformed certificate'
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined
}

function checkSpec(out: Errors, { spec }: CertificateSigningRequest, old: CertificateSigningRequest | undefined): void {
  const error = requestError(spec.request ?? '')
  if (error !== undefined) out.push(invalid('spec.request', spec.request ?? null, error))
  const asked = spec.usages ?? []
  if (asked.length === 0) out.push(required('spec.usages'))
  const before = old?.spec.usages ?? []
  if (!hasDuplicates(before)) {
    for (const [i, usage] of asked.entries()) {
      if (asked.indexOf(usage) < i) out.push(duplicate(`spec.usages[${i}]`, usage))
    }
  }
  if (spec.signerName === legacySigner && old?.spec.signerName !== legacySigner) {
    out.push(invalid('spec.signerName', spec.signerName, 'the legacy signerName is not allowed via this API version'))
  } else checkSignerName(out, 'spec.signerName', spec.signerName)
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < leastSeconds) {
    out.push(
      invalid(
        'spec.expirationSeconds',
        spec.expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    )
  }
}

const verdicts: ReadonlySet<string> = new Set(['Approved', 'Denied', 'Failed'])

function checkConditions(
  out: Errors,
  request: CertificateSigningRequest,
  old: CertificateSigningRequest | undefined,
): void {
  const before = old ? conditionsOf(old).map(({ type }) => type) : []
  const mayContradict = before.includes('Approved') && before.includes('Denied')
  const seen = new Set<string>()
  for (const [i, { type, status }] of conditionsOf(request).entries()) {
    const path = `status.conditions[${i}]`
    if (type === '' && !before.includes('')) out.push(required(`${path}.type`))
    const allowed = verdicts.has(type) ? ['True'] : ['False', 'True', 'Unknown']
    if (status === '') out.push(required(`${path}.status`))
    else if (!allowed.includes(status)) out.push(notSupported(`${path}.status`, status, allowed))
    if (seen.has(type) && !hasDuplicates(before)) out.push(duplicate(`${path}.type`, type))
    seen.add(type)
  }
  if (mayContradict || !seen.has('Approved') || !seen.has('Denied')) return
  const [approved, denied] = ['Approved', 'Denied'].map(type => `conditions[{"type": "${type}"}]`)
  const message = `must specify at most one of: \`${approved}\`, \`${denied}\``
  out.push(invalid('status.conditions', `{${approved}, ${denied}}`, message))
}

function check(out: Errors, request: CertificateSigningRequest, old: CertificateSigningRequest | undefined): void {
  checkSpec(out, request, old)
  checkConditions(out, request, old)
  const { certificate } = request.status
  if (old && (certificate ?? '') === (old.status.certificate ?? '')) return
  if (old && certificateError(old.status.certificate) !== undefined) return
  const error = certificateError(certificate)
  if (error !== undefined) out.push(invalid('status.certificate', '<certificate data>', error))
}

interface Allowed {
  readonly verdicts?: boolean
  readonly certificate?: boolean
}

function checkChange(
  out: Errors,
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  allowed: Allowed,
): void {
  check(out, request, old)
  for (const type of verdicts) {
    if (ofType(request, type).length < ofType(old, type).length) {
      out.push(forbidden('status.conditions', `updates may not remove a condition of type ${JSON.stringify(type)}`))
    }
  }
  if (!allowed.verdicts) {
    for (const type of ['Approved', 'Denied']) {
      const [now, before] = [ofType(request, type), ofType(old, type)]
      if (now.length > before.length) {
        out.push(forbidden('status.conditions', `updates may not add a condition of type ${JSON.stringify(type)}`))
      } else if (now.length === before.length && !isSame(now, before)) {
        out.push(forbidden('status.conditions', `updates may not modify a condition of type ${JSON.stringify(type)}`))
      }
    }
  }
  if ((request.status.certificate ?? '') === (old.status.certificate ?? '')) return
  if (!allowed.certificate) out.push(forbidden('status.certificate', 'updates may not set certificate content'))
  else if (old.status.certificate) {
    out.push(forbidden('status.certificate', 'updates may not modify existing certificate content'))
  }
}

export const checkSigningRequest = (out: Errors, request: CertificateSigningRequest): void =>
  check(out, request, undefined)

type UpdateCheck = (out: Errors, request: CertificateSigningRequest, old: CertificateSigningRequest) => void

export const checkSigningRequestUpdate: UpdateCheck = (out, request, old) => checkChange(out, request, old, {})
export const checkSigningRequestStatus: UpdateCheck = (out, request, old) =>
  checkChange(out, request, old, { certificate: true })
export const checkSigningRequestApproval: UpdateCheck = (out, request, old) =>
  checkChange(out, request, old, { verdicts: true })
