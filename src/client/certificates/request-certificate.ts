/** Asks the certificates API and waits for the answer (Kubernetes documentation, "Certificate Signing Requests"). */
import type { KeyObject } from 'node:crypto'
import { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import { sleep } from '../../base/clock.ts'
import type { Subject } from '../../base/pki/certificate.ts'
import { makeCertificateRequest } from '../../base/pki/make-request.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import type { Client } from '../client.ts'

export interface WantedCertificate {
  readonly signerName: string
  readonly subject: Subject
  readonly altNames?: readonly string[]
  readonly usages: readonly string[]
  readonly expirationSeconds?: number
}

/** The cluster said no: asking again brings nothing. */
export class CertificateRefused extends Error {}

const firstPollMs = 100
const longestPollMs = 5_000
/** As the kubelet's: a request that nobody has approved by then is made anew. */
const timeoutMs = 900_000

/** The signed certificate in PEM. Throws CertificateRefused where the request is denied or fails. */
export async function requestCertificate(
  client: Client,
  key: KeyObject,
  wanted: WantedCertificate,
  signal?: AbortSignal,
): Promise<string> {
  const { signerName, subject, altNames, usages, expirationSeconds } = wanted
  const requests = client.of(CertificateSigningRequest)
  const made = await requests.create('', {
    metadata: { generateName: 'csr-' },
    spec: {
      signerName,
      usages: [...usages] as CertificateSigningRequest['spec']['usages'] & {},
      request: Buffer.from(makeCertificateRequest(key, subject, altNames)).toString('base64'),
      ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
    },
  })
  const { name } = made.metadata
  const deadline = performance.now() + timeoutMs
  for (let pollMs = firstPollMs; performance.now() < deadline; pollMs = Math.min(pollMs * 1.5, longestPollMs)) {
    await sleep(pollMs, signal)
    const certificate = await answerOf(() => requests.get('', name), name)
    if (certificate !== undefined) return certificate
  }
  throw new Error(`the certificate request ${name} was not approved within ${timeoutMs / 1000} s`)
}

async function answerOf(get: () => Promise<CertificateSigningRequest>, name: string): Promise<string | undefined> {
  let request: CertificateSigningRequest
  try {
    request = await get()
  } catch (error) {
    if (isNotFound(error)) throw new CertificateRefused(`the certificate request ${name} was deleted`)
    throw error
  }
  const { conditions = [], certificate } = request.status
  const refusal = conditions.find(({ type, status }) => (type === 'Denied' || type === 'Failed') && status === 'True')
  if (refusal)
    throw new CertificateRefused(refusal.message || `the certificate request ${name} was ${refusal.type.toLowerCase()}`)
  return certificate ? Buffer.from(certificate, 'base64').toString('utf8') : undefined
}
