/** What a cluster is doing, as `clipper status` shows it and `clipper up` waits for it. */

import { Resolver } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Node } from '../api/core/v1/node.ts'
import { Client } from '../client/client.ts'
import { HttpsTransport } from '../client/https-transport.ts'
import { readKubeconfig, transportOptionsOf } from '../client/kubeconfig.ts'
import { type ClusterConfig, pathsOf } from './cluster-config.ts'
import { localNodesOf } from './local-nodes.ts'
import { readPidFile } from './running-process.ts'

export interface ClusterState {
  readonly name: string
  readonly running: boolean
  readonly ready: boolean
  readonly pid: number | null
  readonly endpoints: { readonly apiServer: string; readonly kubelet: string; readonly dns: string }
  readonly dataDirectory: string
  /** Empty on a machine that joined: it has no administrator's access. */
  readonly kubeconfig: string
  readonly nodes: readonly { readonly name: string; readonly ready: boolean }[]
  /** What is not there yet; empty when ready. */
  readonly waitingFor: string
}

/** `expected`: the nodes without which it is not ready; those on other machines come and go. */
export async function readClusterState(
  config: ClusterConfig,
  expected = [config.nodeName, ...localNodesOf(config).map(({ name }) => name)],
): Promise<ClusterState> {
  const paths = pathsOf(config)
  const running = readPidFile(paths.pidFile)
  const base = {
    name: config.name,
    running: running !== undefined,
    pid: running?.pid ?? null,
    endpoints: {
      apiServer: config.server ?? `https://127.0.0.1:${config.apiPort}`,
      kubelet: `https://${config.nodeAddress}:${config.kubeletPort}`,
      dns: `${config.nodeAddress}:${config.dnsPort}`,
    },
    dataDirectory: config.dataDirectory,
    kubeconfig: config.server === undefined ? paths.adminKubeconfig : '',
  }
  if (!running) return { ...base, ready: false, nodes: [], waitingFor: 'the process' }
  const isJoined = config.server !== undefined
  if (!existsSync(isJoined ? agentCertificateOf(config) : paths.adminKubeconfig))
    return { ...base, ready: false, nodes: [], waitingFor: 'the API server' }
  const transport = isJoined ? agentTransport(config, config.server) : await adminTransport(config)
  try {
    const client = new Client(transport, 'clipper').of(Node)
    // A node may see itself alone.
    const found = isJoined ? [await client.get('', config.nodeName)] : (await client.list('')).items
    const nodes = found.map(node => ({
      name: node.metadata.name,
      ready:
        node.status.conditions?.some(condition => condition.type === 'Ready' && condition.status === 'True') === true,
    }))
    const missing = expected.find(name => !nodes.some(node => node.name === name && node.ready))
    if (missing !== undefined) return { ...base, ready: false, nodes, waitingFor: `the node ${missing}` }
    if (!(await dnsAnswers(config))) return { ...base, ready: false, nodes, waitingFor: 'DNS' }
    return { ...base, ready: true, nodes, waitingFor: '' }
  } catch (error) {
    return { ...base, ready: false, nodes: [], waitingFor: `the API server (${(error as Error).message})` }
  } finally {
    transport.close()
  }
}

async function dnsAnswers(config: ClusterConfig): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 })
  resolver.setServers([`${config.nodeAddress}:${config.dnsPort}`])
  try {
    return (await resolver.resolve4(`kubernetes.default.svc.${config.clusterDomain}`)).length > 0
  } catch {
    return false
  }
}

const agentCertificateOf = (config: ClusterConfig): string => join(pathsOf(config).pki, 'kubelet-client.pem')

/** A connection of a machine that joined, as its node. Certificate and key lie in one file. */
function agentTransport(config: ClusterConfig, server: string): HttpsTransport {
  const pair = readFileSync(agentCertificateOf(config), 'utf8')
  const ca = readFileSync(join(pathsOf(config).pki, 'ca.crt'), 'utf8')
  return new HttpsTransport({ server, ca, certificate: pair, key: pair })
}

/** A connection to the cluster as its administrator. */
export const adminTransport = async (config: ClusterConfig): Promise<HttpsTransport> =>
  new HttpsTransport(await transportOptionsOf(await readKubeconfig(pathsOf(config).adminKubeconfig)))
