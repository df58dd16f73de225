import type { KeyPair } from '../../base/pki/certificate.ts'
import { writeFileWhole } from '../../base/whole-file.ts'

export interface KubeconfigFacts {
  /** As `https://127.0.0.1:6443`. */
  readonly server: string
  readonly caPem: string
  /** The name of the cluster and of the context. */
  readonly clusterName: string
  readonly userName: string
  readonly client: KeyPair
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A kubeconfig (client.authentication v1 `Config`) with everything inside, as YAML. */
export function kubeconfigOf({ server, caPem, clusterName, userName, client }: KubeconfigFacts): string {
  const quoted = JSON.stringify
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `- name: ${quoted(clusterName)}`,
    '  cluster:',
    `    certificate-authority-data: ${base64(caPem)}`,
    `    server: ${quoted(server)}`,
    'users:',
    `- name: ${quoted(userName)}`,
    '  user:',
    `    client-certificate-data: ${base64(client.certificatePem)}`,
    `    client-key-data: ${base64(client.privateKeyPem)}`,
    'contexts:',
    `- name: ${quoted(clusterName)}`,
    '  context:',
    `    cluster: ${quoted(clusterName)}`,
    `    user: ${quoted(userName)}`,
    `current-context: ${quoted(clusterName)}`,
    'preferences: {}',
    '',
  ].join('\n')
}

/** Writes it whole, readable by its owner alone. */
export const writeKubeconfig = (path: string, facts: KubeconfigFacts): void =>
  writeFileWhole(path, kubeconfigOf(facts), 0o600)
