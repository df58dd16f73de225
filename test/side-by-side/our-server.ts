/** Our API server as `clipper apiserver` runs it, and nothing that acts on objects behind it. */
import { ensurePki, type Pki } from '../../src/apiserver/pki/pki.ts'
import { systemClock } from '../../src/base/clock.ts'
import { freePort } from '../../src/base/testing/free-ports.ts'
import type { ClusterConfig } from '../../src/cli/cluster-config.ts'
import { type RunningApi, startApi } from '../../src/main/api.ts'
import { ServerPki } from '../../src/main/server-pki.ts'

export interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

export const serviceCidr = '10.96.0.0/16'
export const issuer = 'https://kubernetes.default.svc.cluster.local'

/** Of a server on the loopback whose node has this name; `directory` exists. */
export const loopbackPki = (directory: string, nodeName: string): Pki =>
  ensurePki({
    directory,
    nodeName,
    altNames: ['localhost', '127.0.0.1'],
    serviceAddresses: ['10.96.0.1'],
    clock: systemClock,
  })

/** `name`: of the cluster and of its node. */
export async function startOurServer(
  name: string,
  pki: Pki,
  directory: string,
  featureGates: Readonly<Record<string, boolean>> = {},
): Promise<RunningServer & { readonly api: RunningApi }> {
  const apiPort = await freePort()
  const config: ClusterConfig = {
    name,
    dataDirectory: directory,
    nodeName: name,
    nodeAddress: '192.0.2.1',
    apiPort,
    kubeletPort: 0,
    dnsPort: 0,
    clusterCidr: '10.244.0.0/16',
    serviceCidr,
    nodePortRange: '30000-32767',
    clusterDomain: 'cluster.local',
    dnsUpstreams: [],
    featureGates,
  }
  const api = await startApi(config, new ServerPki(() => pki, systemClock), '127.0.0.1')
  return { api, port: apiPort, stop: () => api.stop() }
}
