/** Keys and certificates of the etcd member of a server, under kubeadm's file names. */
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { CertificateFiles } from './certificate-files.ts'

export interface EtcdPkiOptions {
  /** The cluster's; etcd's own lie in `etcd/` below it. */
  readonly directory: string
  readonly name: string
  readonly address: string
  readonly clock: Clock
}

export interface EtcdPki {
  /** Paths, for etcd. */
  readonly files: {
    readonly ca: string
    readonly serverCert: string
    readonly serverKey: string
    readonly peerCert: string
    readonly peerKey: string
    readonly clientCert: string
    readonly clientKey: string
  }
  /** PEM, for clients. */
  readonly client: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** Makes what is missing and renews what is due; etcd reads its files at every connection. */
export function ensureEtcdPki({ directory, name, address, clock }: EtcdPkiOptions): EtcdPki {
  const folder = join(directory, 'etcd')
  const files = new CertificateFiles(folder, clock)
  const authority = files.authority('ca', 'etcd-ca')
  const altNames = [name, 'localhost', '127.0.0.1', '::1', address]
  for (const one of ['server', 'peer']) {
    files.certificate(one, authority, { subject: { commonName: name }, usages: ['serverAuth', 'clientAuth'], altNames })
  }
  const clients = new CertificateFiles(directory, clock)
  const client = clients.certificate('apiserver-etcd-client', authority, {
    subject: { commonName: 'kube-apiserver-etcd-client' },
    usages: ['clientAuth'],
  })
  const path = (file: string) => join(folder, file)
  return {
    files: {
      ca: path('ca.crt'),
      serverCert: path('server.crt'),
      serverKey: path('server.key'),
      peerCert: path('peer.crt'),
      peerKey: path('peer.key'),
      clientCert: join(directory, 'apiserver-etcd-client.crt'),
      clientKey: join(directory, 'apiserver-etcd-client.key'),
    },
    client: { ca: authority.certificatePem, cert: client.certificatePem, key: client.privateKeyPem },
  }
}
