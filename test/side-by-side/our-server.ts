/** Our API server as `clipper apiserver` runs it, and nothing that acts on objects behind it. */
import type { Pki } from '../../src/apiserver/pki/pki.ts'
import { freePort } from '../../src/base/testing/free-ports.ts'
import { startApi } from '../../src/main/api.ts'

export interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

export const serviceCidr = '10.96.0.0/16'
export const issuer = 'https://kubernetes.default.svc.cluster.local'

export async function startOurServer(pki: Pki, directory: string): Promise<RunningServer> {
  const apiPort = await freePort()
  const config = {
    name: 'side-by-side',
    dataDirectory: directory,
    nodeName: 'side-by-side',
    nodeAddress: '192.0.2.1',
    apiPort,
    kubeletPort: 0,
    dnsPort: 0,
    clusterCidr: '10.244.0.0/16',
    serviceCidr,
    nodePortRange: '30000-32767',
    clusterDomain: 'cluster.local',
    dnsUpstreams: [],
  }
  const api = await startApi(config, pki, '127.0.0.1')
  return { port: apiPort, stop: () => api.stop() }
}
