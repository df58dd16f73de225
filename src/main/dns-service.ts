/** The Service `kube-dns`, by whose address pods ask the DNS of their node. */
import { Service } from '../api/core/v1/service.ts'
import { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { Client } from '../client/client.ts'
import { firstAddresses } from './service-addresses.ts'

const namespace = 'kube-system'
const name = 'kube-dns'

/** Makes them, or puts them right; safe to repeat. */
export async function ensureDnsService(client: Client, config: ClusterConfig): Promise<void> {
  const [clusterIP = ''] = firstAddresses(config.serviceCidr, 10).slice(-1)
  const port = (portName: string, protocol: 'TCP' | 'UDP') => ({
    name: portName,
    port: 53,
    protocol,
    targetPort: config.dnsPort,
  })
  const ports = [port('dns', 'UDP'), port('dns-tcp', 'TCP')]
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' }
  await client.of(Service).patch(
    namespace,
    name,
    'apply',
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels },
      spec: { clusterIP, type: 'ClusterIP', ports },
    },
    '',
    true,
  )
  await client.of(EndpointSlice).patch(
    namespace,
    `${name}-${config.nodeName}`,
    'apply',
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${config.nodeName}`,
        namespace,
        labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'dns.clipper.dev' },
      },
      addressType: 'IPv4',
      ports: ports.map(({ name: portName, protocol, targetPort }) => ({ name: portName, protocol, port: targetPort })),
      endpoints: [{ addresses: [config.nodeAddress], conditions: { ready: true }, nodeName: config.nodeName }],
    },
    '',
    true,
  )
}
