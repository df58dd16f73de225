/** Requests for certificates (PKCS #10, RFC 2986): who should be named, for which key, and the proof of having it. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { type DerValue, readValues } from './der.ts'

export interface ParsedRequest {
  /** The encoded name, which an issued certificate repeats byte for byte. */
  readonly subject: Buffer
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly publicKey: KeyObject
  readonly dnsNames: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly uris: readonly string[]
  /** Whether the request is signed with the key that it is for. */
  isSigned(): boolean
}

const names: Readonly<Record<string, 'commonName' | 'organization'>> = {
  '2.5.4.3': 'commonName',
  '2.5.4.10': 'organization',
}
const extensionRequest = '1.2.840.113549.1.9.14'
const subjectAltName = '2.5.29.17'

/** By the signature's algorithm: the digest, undefined for algorithms that have their own. */
const digests: Readonly<Record<string, string | undefined>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': undefined,
}

/** An object identifier in its dotted form. */
export function dottedOf({ contents }: DerValue): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of contents) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(arc / 40), 2)
      arcs.push(first, arc - first * 40)
    } else arcs.push(arc)
    arc = 0
  }
  return arcs.join('.')
}

/** BMPString is UTF-16; the other kinds of texts are read as UTF-8. */
function textOf({ tag, contents }: DerValue): string {
  if (tag !== 0x1e) return contents.toString('utf8')
  return Buffer.from(contents).swap16().toString('utf16le')
}

function namesOf(subject: DerValue): { commonName: string; organizations: string[] } {
  let commonName = ''
  const organizations: string[] = []
  for (const set of readValues(subject.contents)) {
    for (const attribute of readValues(set.contents)) {
      const [type, value] = readValues(attribute.contents)
      if (!type || !value) throw new RangeError('name attribute without a value')
      const name = names[dottedOf(type)]
      if (name === 'commonName') commonName = textOf(value)
      else if (name === 'organization') organizations.push(textOf(value))
    }
  }
  return { commonName, organizations }
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.')
  if (bytes.length !== 16) throw new RangeError(`IP address of length ${bytes.length}`)
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** The alternative names inside of the attributes. */
function altNamesOf(attributes: readonly DerValue[]) {
  const found = {
    dnsNames: [] as string[],
    emailAddresses: [] as string[],
    ipAddresses: [] as string[],
    uris: [] as string[],
  }
  for (const attribute of attributes) {
    const [type, values] = readValues(attribute.contents)
    if (!type || !values || dottedOf(type) !== extensionRequest) continue
    for (const extension of readValues(readValues(values.contents)[0]?.contents ?? Buffer.alloc(0))) {
      const parts = readValues(extension.contents)
      if (!parts[0] || dottedOf(parts[0]) !== subjectAltName) continue
      for (const name of readValues(
        readValues(parts.at(-1)?.contents ?? Buffer.alloc(0))[0]?.contents ?? Buffer.alloc(0),
      )) {
        if (name.tag === 0x81) found.emailAddresses.push(name.contents.toString('latin1'))
        else if (name.tag === 0x82) found.dnsNames.push(name.contents.toString('latin1'))
        else if (name.tag === 0x86) found.uris.push(name.contents.toString('latin1'))
        else if (name.tag === 0x87) found.ipAddresses.push(addressOf(name.contents))
      }
    }
  }
  return found
}

/** Throws an Error on what is no request; the signature is not checked yet. */
export function parseCertificateRequest(der: Buffer): ParsedRequest {
  const [outer, ...rest] = readValues(der)
  if (!outer || rest.length > 0 || outer.tag !== 0x30) throw new RangeError('malformed certificate request')
  const [info, algorithm, signature] = readValues(outer.contents)
  if (!info || !algorithm || !signature) throw new RangeError('malformed certificate request')
  const [, subject, keyInfo, attributes] = readValues(info.contents)
  if (!subject || !keyInfo) throw new RangeError('malformed certificate request')
  const publicKey = createPublicKey({ key: keyInfo.bytes, format: 'der', type: 'spki' })
  const algorithmId = dottedOf(readValues(algorithm.contents)[0] as DerValue)
  return {
    subject: subject.bytes,
    ...namesOf(subject),
    publicKey,
    ...altNamesOf(attributes ? readValues(attributes.contents) : []),
    isSigned() {
      if (!(algorithmId in digests)) return false
      // The first byte of a bit string counts unused bits.
      return verify(digests[algorithmId] ?? null, info.bytes, publicKey, signature.contents.subarray(1))
    },
  }
}
