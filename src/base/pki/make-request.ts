/** A request for a certificate (PKCS #10, RFC 2986) for an ECDSA P-256 key of our own. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { altNameExtension, nameOf, type Subject } from './certificate.ts'
import { bitString, integer, objectIdentifier, sequence, setOf, tagged } from './der.ts'
import { toPem } from './pem.ts'

const ecdsaWithSha256 = '1.2.840.10045.4.3.2'
const extensionRequest = '1.2.840.113549.1.9.14'

/** In PEM. `altNames` are DNS names and IP addresses. */
export function makeCertificateRequest(key: KeyObject, subject: Subject, altNames: readonly string[] = []): string {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const attributes =
    altNames.length === 0
      ? []
      : [sequence(objectIdentifier(extensionRequest), setOf(sequence(altNameExtension(altNames))))]
  const info = sequence(integer(Buffer.from([0])), nameOf(subject), publicKey, tagged(0, ...attributes))
  const request = sequence(info, sequence(objectIdentifier(ecdsaWithSha256)), bitString(sign('sha256', info, key)))
  return toPem('CERTIFICATE REQUEST', request)
}
