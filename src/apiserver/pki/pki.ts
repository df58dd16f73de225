/**
 * The cluster's keys and certificates, under the file names that kubeadm uses where it has them. What exists is kept;
 * a certificate is made again when its key, its authority, its subject or its names no longer fit, or when a third of
 * its life is left.
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
import { type Component, componentSubjects, nodeSubject } from '../authentication/component-users.ts'

const dayMs = 24 * 3600 * 1000
const authorityLifeMs = 3650 * dayMs
const certificateLifeMs = 365 * dayMs
/** Certificates are valid from a little before they are made, for clients whose clocks are behind. */
const backdateMs = 300_000

export interface PkiOptions {
  readonly directory: string
  readonly nodeName: string
  /** The node's addresses, and names and addresses under which clients reach the server besides the usual ones. */
  readonly altNames: readonly string[]
  /** The first address of each service range: the `kubernetes` Service. */
  readonly serviceAddresses: readonly string[]
  /** `cluster.local` where absent. */
  readonly clusterDomain?: string
  readonly clock: Clock
}

export interface Pki {
  readonly directory: string
  /** Certificate of the authority of servers and clients; clients trust it. */
  readonly caPem: string
  readonly caKeyPem: string
  readonly serving: KeyPair
  /** The API server's client certificate towards kubelets. */
  readonly kubeletClient: KeyPair
  readonly frontProxyCaPem: string
  readonly frontProxyClient: KeyPair
  readonly serviceAccountKey: { readonly privateKeyPem: string; readonly publicKeyPem: string }
  identity(component: Component): KeyPair
  /** Client certificate of a kubelet: `system:node:<name>` in `system:nodes`. */
  nodeClient(nodeName: string): KeyPair
  /** Serving certificate of a kubelet. */
  nodeServing(nodeName: string, addresses: readonly string[]): KeyPair
}

/** One form for each name, so that two lists of names compare. */
const canonicalName = (name: string): string =>
  isIP(name) === 0 ? name.toLowerCase() : addressBytes(name).toString('hex')

function namesOf(certificate: X509Certificate): Set<string> {
  const names = (certificate.subjectAltName ?? '').split(', ').filter(entry => entry !== '')
  return new Set(names.map(entry => canonicalName(entry.slice(entry.indexOf(':') + 1))))
}

const subjectText = ({ commonName, organizations = [] }: Subject): string =>
  [...organizations.map(o => `O=${o}`), `CN=${commonName}`].join('\n')

class Files {
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

/**
 * Makes what is missing and renews what is due. Call it at start and, in a long-running server, once a day. Two
 * processes must not call it on one directory at the same time.
 */
export function ensurePki(options: PkiOptions): Pki {
  const files = new Files(options.directory, options.clock)
  const domain = options.clusterDomain ?? 'cluster.local'
  const authority = files.authority('ca', 'kubernetes')
  const frontProxyAuthority = files.authority('front-proxy-ca', 'front-proxy-ca')
  const client = (name: string, subject: Subject, by: Authority = authority) =>
    // The administrator's goes to clients of every kind; those of Java know no other keys by themselves.
    files.certificate(name, by, { subject, usages: ['clientAuth'], keyType: name === 'admin' ? 'RSA' : 'P-256' })

  const serving = files.certificate('apiserver', authority, {
    subject: { commonName: 'kube-apiserver' },
    usages: ['serverAuth'],
    altNames: [
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${domain}`,
      'localhost',
      options.nodeName,
      '127.0.0.1',
      '::1',
      ...options.serviceAddresses,
      ...options.altNames,
    ],
  })
  return {
    directory: options.directory,
    caPem: authority.certificatePem,
    caKeyPem: authority.keyPem,
    serving,
    kubeletClient: client('apiserver-kubelet-client', {
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
    }),
    frontProxyCaPem: frontProxyAuthority.certificatePem,
    frontProxyClient: client('front-proxy-client', { commonName: 'front-proxy-client' }, frontProxyAuthority),
    serviceAccountKey: files.serviceAccountKey(),
    identity: component => client(component, componentSubjects[component]),
    nodeClient: nodeName =>
      client(`kubelet-client-${nodeName}`, { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] }),
    nodeServing: (nodeName, addresses) =>
      files.certificate(`kubelet-${nodeName}`, authority, {
        subject: nodeSubject(nodeName),
        usages: ['serverAuth'],
        altNames: [nodeName, ...addresses],
      }),
  }
}
