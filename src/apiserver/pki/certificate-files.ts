/**
 * Keys and certificates in one directory. What exists is kept; a certificate is made again when its key, its authority, its
 * subject or its names no longer fit, or when a third of its life is left.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import {
  type Authority,
  addressBytes,
  type CertificateRequest,
  issueCertificate,
  type KeyPair,
  keyPem,
  makeAuthority,
  newKey,
  type Subject,
} from '../../base/pki/certificate.ts'
import { readIfExists, writeFileWhole } from '../../base/whole-file.ts'

const dayMs = 24 * 3600 * 1000
const authorityLifeMs = 3650 * dayMs
const certificateLifeMs = 365 * dayMs
/** Certificates are valid from a little before they are made, for clients whose clocks are behind. */
const backdateMs = 300_000

/** One form for each name, so that two lists of names compare. */
const canonicalName = (name: string): string =>
  isIP(name) === 0 ? name.toLowerCase() : addressBytes(name).toString('hex')

function namesOf(certificate: X509Certificate): Set<string> {
  const names = (certificate.subjectAltName ?? '').split(', ').filter(entry => entry !== '')
  return new Set(names.map(entry => canonicalName(entry.slice(entry.indexOf(':') + 1))))
}

const subjectText = ({ commonName, organizations = [] }: Subject): string =>
  [...organizations.map(o => `O=${o}`), `CN=${commonName}`].join('\n')

export class CertificateFiles {
  readonly directory: string
  readonly #clock: Clock

  constructor(directory: string, clock: Clock) {
    this.directory = directory
    this.#clock = clock
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chmodSync(directory, 0o700)
  }

  read(name: string): string | undefined {
    return readIfExists(join(this.directory, name))
  }

  write(name: string, contents: string): void {
    writeFileWhole(join(this.directory, name), contents, name.endsWith('.key') ? 0o600 : 0o644)
  }

  authority(name: string, commonName: string): Authority & { certificatePem: string; keyPem: string } {
    let certificatePem = this.read(`${name}.crt`)
    let privateKeyPem = this.read(`${name}.key`)
    if (certificatePem !== undefined && privateKeyPem === undefined)
      throw new Error(
        `${join(this.directory, name)}.key is missing: put the authority's key back, or remove its .crt too`,
      )
    // The key comes first: stopped in between, the next start signs again with the same key, and what the authority
    // has issued stays valid.
    if (privateKeyPem === undefined) {
      privateKeyPem = keyPem(newKey())
      this.write(`${name}.key`, privateKeyPem)
    }
    const key = createPrivateKey(privateKeyPem)
    if (certificatePem === undefined) {
      const now = this.#clock.now()
      certificatePem = makeAuthority(commonName, key, now - backdateMs, now + authorityLifeMs)
      this.write(`${name}.crt`, certificatePem)
    }
    const certificate = new X509Certificate(certificatePem)
    if (!certificate.checkPrivateKey(key))
      throw new Error(`${join(this.directory, name)}.crt and .key do not belong together`)
    return { certificate, key, certificatePem, keyPem: privateKeyPem }
  }

  certificate(
    name: string,
    authority: Authority,
    request: Omit<CertificateRequest, 'notBeforeMs' | 'notAfterMs'>,
  ): KeyPair {
    const certificatePem = this.read(`${name}.crt`)
    const privateKeyPem = this.read(`${name}.key`)
    if (certificatePem !== undefined && privateKeyPem !== undefined) {
      const pair = { certificatePem, privateKeyPem }
      if (this.#fits(pair, authority, request)) return pair
    }
    const now = this.#clock.now()
    const altNames = [...new Map((request.altNames ?? []).map(n => [canonicalName(n), n])).values()]
    const made = issueCertificate(authority, {
      ...request,
      altNames,
      notBeforeMs: now - backdateMs,
      notAfterMs: now + certificateLifeMs,
    })
    this.write(`${name}.key`, made.privateKeyPem)
    this.write(`${name}.crt`, made.certificatePem)
    return made
  }

  #fits(pair: KeyPair, authority: Authority, request: Omit<CertificateRequest, 'notBeforeMs' | 'notAfterMs'>): boolean {
    try {
      const certificate = new X509Certificate(pair.certificatePem)
      const from = Date.parse(certificate.validFrom)
      const to = Date.parse(certificate.validTo)
      const now = this.#clock.now()
      const names = namesOf(certificate)
      return (
        certificate.checkPrivateKey(createPrivateKey(pair.privateKeyPem)) &&
        certificate.verify(authority.certificate.publicKey) &&
        certificate.subject === subjectText(request.subject) &&
        from <= now &&
        to - now > (to - from) / 3 &&
        (request.altNames ?? []).every(name => names.has(canonicalName(name)))
      )
    } catch {
      return false
    }
  }

  /** RS256 is the algorithm that every client of service-account tokens knows. */
  serviceAccountKey(): { privateKeyPem: string; publicKeyPem: string } {
    let privateKeyPem = this.read('sa.key')
    if (privateKeyPem === undefined) {
      privateKeyPem = keyPem(newKey('RSA'))
      this.write('sa.key', privateKeyPem)
    }
    const publicKeyPem = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }) as string
    if (this.read('sa.pub') !== publicKeyPem) this.write('sa.pub', publicKeyPem)
    return { privateKeyPem, publicKeyPem }
  }
}
