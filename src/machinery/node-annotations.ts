/** What our kubelet says of its machine beyond the fields of a Node. */
import { createHash, type KeyObject } from 'node:crypto'

/** The hash of the key in the node's certificate: who asks for the node's name with another key is another machine. */
export const machineKeyAnnotation = 'clipper.dev/machine-key'
/** Where the cluster DNS of the node listens. */
export const dnsPortAnnotation = 'clipper.dev/dns-port'

/** SHA-256 of the public key (SubjectPublicKeyInfo), as kubeadm pins authorities. */
export const publicKeyHash = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
