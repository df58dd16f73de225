/** X.509 certificates (RFC 5280) for the cluster's own authority, made with node:crypto. Keys are ECDSA P-256 unless asked otherwise. */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import type { ParsedRequest } from './certificate-request.ts'
import {
  bitString,
  boolean,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  readValues,
  sequence,
  setOf,
  tagged,
  timeValue,
  utf8String,
} from './der.ts'
import type { CertificateUsages } from './usages.ts'

const oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  rsaWithSha256: '1.2.840.113549.1.1.11',
} as const

export interface Subject {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

export interface CertificateRequest {
  readonly subject: Subject
  readonly usages: readonly ('serverAuth' | 'clientAuth')[]
  /** DNS names and IP addresses that it is valid for. */
  readonly altNames?: readonly string[]
  /** P-256 where absent. */
  readonly keyType?: KeyType
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** A certificate and its private key. */
export interface KeyPair {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

export interface Authority {
  readonly certificate: X509Certificate
  readonly key: KeyObject
}

export type KeyType = 'P-256' | 'RSA'

export const newKey = (type: KeyType = 'P-256'): KeyObject =>
  type === 'RSA'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** In PKCS #8; RSA in PKCS #1, the one form that the Java clients read without a further library. */
export const keyPem = (key: KeyObject): string =>
  key.export({ type: key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'pkcs8', format: 'pem' }) as string

export const nameOf = ({ commonName, organizations = [] }: Subject): Buffer =>
  sequence(
    ...organizations.map(value => setOf(sequence(objectIdentifier(oid.organization), utf8String(value)))),
    setOf(sequence(objectIdentifier(oid.commonName), utf8String(commonName))),
  )

/** 16 bytes of an IPv6 or 4 of an IPv4 address. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const text = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map(n => n.toString(16)).join(':'),
  )
  const [head = '', tail] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16)))
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back]
  return Buffer.from(all.flatMap(group => [group >> 8, group & 0xff]))
}

export const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value))

/** SHA-1 of the public key's bits, the first method of RFC 5280, 4.2.1.2. */
function keyIdentifierOf(publicKey: KeyObject): Buffer {
  const spki = readValues(publicKey.export({ type: 'spki', format: 'der' }) as Buffer)[0]!
  const bits = readValues(spki.contents)[1]!.contents.subarray(1)
  return createHash('sha1').update(bits).digest()
}

interface Outline {
  /** The subject's encoded name, which issued certificates repeat byte for byte. */
  readonly subject: Buffer
  readonly subjectKeyIdentifier: Buffer | undefined
}

function outlineOf(certificate: X509Certificate): Outline {
  const tbs = readValues(readValues(readValues(certificate.raw)[0]!.contents)[0]!.contents)
  const fields = tbs[0]?.tag === 0xa0 ? tbs.slice(1) : tbs
  const extensions = tbs.find(value => value.tag === 0xa3)
  const identifier = objectIdentifier(oid.subjectKeyIdentifier)
  for (const entry of extensions ? readValues(readValues(extensions.contents)[0]!.contents) : []) {
    const parts = readValues(entry.contents)
    if (!parts[0]?.bytes.equals(identifier)) continue
    return { subject: fields[4]!.bytes, subjectKeyIdentifier: readValues(parts.at(-1)!.contents)[0]!.contents }
  }
  return { subject: fields[4]!.bytes, subjectKeyIdentifier: undefined }
}

interface Contents {
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly publicKey: KeyObject
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly extensions: readonly Buffer[]
}

function signed(contents: Contents, signer: KeyObject): string {
  const rsa = signer.asymmetricKeyType === 'rsa'
  const algorithm = rsa
    ? sequence(objectIdentifier(oid.rsaWithSha256), Buffer.from([0x05, 0x00]))
    : sequence(objectIdentifier(oid.ecdsaWithSha256))
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  const tbs = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    contents.issuer,
    sequence(timeValue(contents.notBeforeMs), timeValue(contents.notAfterMs)),
    contents.subject,
    contents.publicKey.export({ type: 'spki', format: 'der' }) as Buffer,
    tagged(3, sequence(...contents.extensions)),
  )
  const raw = sequence(tbs, algorithm, bitString(sign('sha256', tbs, signer)))
  const lines = raw.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** Alternative names: DNS names and IP addresses. */
export const altNameExtension = (names: readonly string[]): Buffer =>
  extension(
    oid.subjectAltName,
    false,
    sequence(
      ...names.map(name =>
        isIP(name) === 0 ? implicit(2, Buffer.from(name, 'latin1')) : implicit(7, addressBytes(name)),
      ),
    ),
  )

/** A self-signed authority over `key`. */
export function makeAuthority(commonName: string, key: KeyObject, notBeforeMs: number, notAfterMs: number): string {
  const publicKey = createPublicKey(key)
  const subject = nameOf({ commonName })
  const extensions = [
    // digitalSignature, keyEncipherment and keyCertSign, as kubeadm's authorities have.
    extension(oid.keyUsage, true, bitString(Buffer.from([0b1010_0100]), 2)),
    extension(oid.basicConstraints, true, sequence(boolean(true))),
    extension(oid.subjectKeyIdentifier, false, octetString(keyIdentifierOf(publicKey))),
    extension(oid.subjectAltName, false, sequence(implicit(2, Buffer.from(commonName, 'ascii')))),
  ]
  return signed({ issuer: subject, subject, publicKey, notBeforeMs, notAfterMs, extensions }, key)
}

export interface RequestedCertificate {
  readonly request: ParsedRequest
  readonly usages: CertificateUsages
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/**
 * A certificate for whom and for which key a request names, signed by `authority`; never valid beyond it. Other
 * extensions than the alternative names are not taken from the request.
 */
export function signCertificateRequest(authority: Authority, wanted: RequestedCertificate): string {
  const { request, usages, notBeforeMs, notAfterMs } = wanted
  const outline = outlineOf(authority.certificate)
  const authorityKeyIdentifier = outline.subjectKeyIdentifier ?? keyIdentifierOf(authority.certificate.publicKey)
  const names = [
    ...request.emailAddresses.map(name => implicit(1, Buffer.from(name, 'latin1'))),
    ...request.dnsNames.map(name => implicit(2, Buffer.from(name, 'latin1'))),
    ...request.uris.map(name => implicit(6, Buffer.from(name, 'latin1'))),
    ...request.ipAddresses.map(address => implicit(7, addressBytes(address))),
  ]
  const { keyUsageBits, extendedKeyUsages } = usages
  const extensions = [
    ...(keyUsageBits.length === 0 ? [] : [extension(oid.keyUsage, true, keyUsageValue(keyUsageBits))]),
    ...(extendedKeyUsages.length === 0
      ? []
      : [extension(oid.extendedKeyUsage, false, sequence(...extendedKeyUsages.map(objectIdentifier)))]),
    extension(oid.basicConstraints, true, sequence()),
    extension(oid.authorityKeyIdentifier, false, sequence(implicit(0, authorityKeyIdentifier))),
    ...(names.length === 0 ? [] : [extension(oid.subjectAltName, false, sequence(...names))]),
  ]
  const { subject, publicKey } = request
  const untilMs = Math.min(notAfterMs, Date.parse(authority.certificate.validTo))
  const contents = { issuer: outline.subject, subject, publicKey, notBeforeMs, notAfterMs: untilMs, extensions }
  return signed(contents, authority.key)
}

/** Bit 0 is the first of the first byte (RFC 5280, 4.2.1.3); DER leaves trailing zero bits out. */
function keyUsageValue(bits: readonly number[]): Buffer {
  const last = Math.max(...bits)
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1)
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return bitString(bytes, 7 - (last & 7))
}

/** A certificate for a new key, signed by `authority`; never valid beyond it. */
export function issueCertificate(authority: Authority, request: CertificateRequest): KeyPair {
  const key = newKey(request.keyType)
  const outline = outlineOf(authority.certificate)
  const authorityKeyIdentifier = outline.subjectKeyIdentifier ?? keyIdentifierOf(authority.certificate.publicKey)
  const publicKey = createPublicKey(key)
  const altNames = request.altNames ?? []
  const extensions = [
    extension(oid.keyUsage, true, bitString(Buffer.from([0b1010_0000]), 5)),
    extension(oid.extendedKeyUsage, false, sequence(...request.usages.map(usage => objectIdentifier(oid[usage])))),
    extension(oid.basicConstraints, true, sequence()),
    extension(oid.subjectKeyIdentifier, false, octetString(keyIdentifierOf(publicKey))),
    extension(oid.authorityKeyIdentifier, false, sequence(implicit(0, authorityKeyIdentifier))),
    ...(altNames.length === 0 ? [] : [altNameExtension(altNames)]),
  ]
  const certificatePem = signed(
    {
      issuer: outline.subject,
      subject: nameOf(request.subject),
      publicKey,
      notBeforeMs: request.notBeforeMs,
      notAfterMs: Math.min(request.notAfterMs, Date.parse(authority.certificate.validTo)),
      extensions,
    },
    authority.key,
  )
  return { certificatePem, privateKeyPem: keyPem(key) }
}
