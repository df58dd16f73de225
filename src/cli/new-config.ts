/** The settings of a cluster or machine that begins. */
import type { ClusterConfig } from './cluster-config.ts'
import { nodeNameOf, primaryAddress } from './node-identity.ts'

type Given = Partial<Omit<ClusterConfig, 'dataDirectory'>>

/** What a machine itself has a say in; `cluster` is what it says of the cluster where no flag does. */
export const newConfig = (
  dataDirectory: string,
  cluster: Pick<ClusterConfig, 'apiPort' | 'clusterCidr' | 'serviceCidr' | 'nodePortRange' | 'clusterDomain'>,
  given: Given,
): ClusterConfig => ({
  name: 'clipper',
  dataDirectory,
  nodeName: given.nodeName ?? nodeNameOf(),
  nodeAddress: given.nodeAddress ?? primaryAddress(),
  kubeletPort: 10_250,
  dnsPort: 10_053,
  dnsUpstreams: [],
  ...cluster,
  ...given,
})
