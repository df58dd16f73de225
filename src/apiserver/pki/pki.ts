/**
 * The cluster's keys and certificates, under the file names that kubeadm uses where it has them. What exists is kept;
 * a certificate is made again when its key, its authority, its subject or its names no longer fit, or when a third of
 * its life is left.
 */
import type { Clock } from '../../base/clock.ts'
import type { Authority, KeyPair, Subject } from '../../base/pki/certificate.ts'
import { type Component, componentSubjects, nodeSubject } from '../authentication/component-users.ts'
import { CertificateFiles } from './certificate-files.ts'

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

/**
 * Makes what is missing and renews what is due. Call it at start and, in a long-running server, once a day. Two
 * processes must not call it on one directory at the same time.
 */
export function ensurePki(options: PkiOptions): Pki {
  const files = new CertificateFiles(options.directory, options.clock)
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
