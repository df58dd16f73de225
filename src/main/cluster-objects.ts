/** The objects by which nodes find the cluster and its DNS. Made at every start, or put right; safe to repeat. */
import { X509Certificate } from 'node:crypto'
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { Service } from '../api/core/v1/service.ts'
import { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { StorageClass } from '../api/storage/v1/storage-class.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { Client } from '../client/client.ts'
import { isAlreadyExists, isNotFound } from '../machinery/api-error.ts'
import { clusterInfo } from '../machinery/bootstrap-token.ts'
import {
  type ClusterSettings,
  clusterSettingsData,
  clusterSettingsName,
  clusterSettingsNamespace,
} from '../machinery/cluster-settings.ts'
import { defaultClassOf, storageClassMark, storageClassMarks } from '../machinery/default-class.ts'
import { localPathProvisioner } from '../machinery/local-path.ts'
import { publicKeyHash } from '../machinery/node-annotations.ts'
import { firstAddresses } from './service-addresses.ts'

/** The name that k3s and others have made known. */
const localPathClass = 'local-path'

/** IANA's port of VXLAN is 4789; Linux' own and that of most pod networks: */
export const defaultVxlanPort = 8472

export function clusterSettingsOf(config: ClusterConfig, caPem: string): ClusterSettings {
  const [clusterDns = ''] = firstAddresses(config.serviceCidr, 10).slice(-1)
  return {
    clusterCidr: config.clusterCidr,
    serviceCidr: config.serviceCidr,
    clusterDomain: config.clusterDomain,
    clusterDns,
    podNetwork: config.podNetwork ?? 'vxlan',
    // Two clusters on the same machines have two authorities.
    vxlanId: Number.parseInt(publicKeyHash(new X509Certificate(caPem).publicKey).slice(0, 6), 16),
    vxlanPort: config.vxlanPort ?? defaultVxlanPort,
  }
}

export async function ensureClusterObjects(client: Client, config: ClusterConfig, caPem: string): Promise<void> {
  const settings = clusterSettingsOf(config, caPem)
  await Promise.all([
    ensureDnsService(client, config, settings.clusterDns),
    applyConfigMap(client, clusterSettingsNamespace, clusterSettingsName, clusterSettingsData(settings)),
    ensureClusterInfo(client, config, caPem),
    ensureStorageClass(client),
  ])
}

/** For claims that name no class, unless another is for them; what a user has made of it stays. */
async function ensureStorageClass(client: Client): Promise<void> {
  const classes = client.of(StorageClass)
  const known = await classes.list('')
  if (known.items.some(({ metadata }) => metadata.name === localPathClass)) return
  const isDefault = defaultClassOf(known.items, storageClassMarks) === undefined
  const object = {
    metadata: { name: localPathClass, annotations: { [storageClassMark]: `${isDefault}` } },
    provisioner: localPathProvisioner,
    reclaimPolicy: 'Delete' as const,
    volumeBindingMode: 'WaitForFirstConsumer' as const,
  }
  await classes.create('', object).catch(error => {
    // Another server was first.
    if (!isAlreadyExists(error)) throw error
  })
}

/** Several servers agree on one of them while it lives: a change makes the tokens sign anew. */
async function ensureClusterInfo(client: Client, config: ClusterConfig, caPem: string): Promise<void> {
  const { namespace, name } = clusterInfo
  const [known, slice] = await Promise.all([
    client.of(ConfigMap).get(namespace, name).catch(absent),
    client.of(EndpointSlice).get('default', 'kubernetes').catch(absent),
  ])
  const servers = (slice?.endpoints ?? []).flatMap(({ addresses }) => addresses)
  const kubeconfigs = [config.nodeAddress, ...servers].map(nodeAddress =>
    joinKubeconfig({ ...config, nodeAddress }, caPem),
  )
  if (kubeconfigs.includes(known?.data?.kubeconfig ?? '')) return
  await applyConfigMap(client, namespace, name, { kubeconfig: kubeconfigs[0] ?? '' })
}

function absent(error: unknown): undefined {
  if (!isNotFound(error)) throw error
}

/** Where the cluster is and by which authority it is known, without a user (as kubeadm's). */
function joinKubeconfig({ nodeAddress, apiPort }: ClusterConfig, caPem: string): string {
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- name: ""',
    '  cluster:',
    `    certificate-authority-data: ${Buffer.from(caPem).toString('base64')}`,
    `    server: https://${nodeAddress}:${apiPort}`,
    'contexts: []',
    'current-context: ""',
    'preferences: {}',
    'users: []',
    '',
  ].join('\n')
}

async function applyConfigMap(
  client: Client,
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data }
  await client.of(ConfigMap).patch(namespace, name, 'apply', object, '', true)
}

/** The Service by whose address pods ask for names; its endpoints are those of the controller for the cluster DNS. */
async function ensureDnsService(client: Client, { dnsPort }: ClusterConfig, clusterIP: string): Promise<void> {
  const namespace = 'kube-system'
  const name = 'kube-dns'
  const port = (portName: string, protocol: 'TCP' | 'UDP') => ({
    name: portName,
    port: 53,
    protocol,
    targetPort: dnsPort,
  })
  const ports = [port('dns', 'UDP'), port('dns-tcp', 'TCP')]
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' }
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: { clusterIP, type: 'ClusterIP', ports },
  }
  await client.of(Service).patch(namespace, name, 'apply', object, '', true)
}
