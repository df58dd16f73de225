/** Keys and certificates of a server with an API server, and its administrator's access. */
import { writeKubeconfig } from '../apiserver/pki/kubeconfig.ts'
import { ensurePki, type Pki } from '../apiserver/pki/pki.ts'
import { systemClock } from '../base/clock.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { firstAddresses } from './service-addresses.ts'

/** Makes or renews what is due. */
export const ensureServerPki = (config: ClusterConfig): Pki =>
  ensurePki({
    directory: pathsOf(config).pki,
    nodeName: config.nodeName,
    altNames: [config.nodeAddress],
    serviceAddresses: firstAddresses(config.serviceCidr, 1),
    clusterDomain: config.clusterDomain,
    clock: systemClock,
  })

export function writeAdminKubeconfig(config: ClusterConfig, pki: Pki): void {
  writeKubeconfig(pathsOf(config).adminKubeconfig, {
    server: `https://127.0.0.1:${config.apiPort}`,
    caPem: pki.caPem,
    clusterName: config.name,
    userName: config.name,
    client: pki.identity('admin'),
  })
}
