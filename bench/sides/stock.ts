/** Stock Kubernetes from the programs in PATH, with the settings of a kubeadm cluster, on loopback. */
import { join } from 'node:path'
import { Node } from '../../src/api/core/v1/node.ts'
import { writeKubeconfig } from '../../src/apiserver/pki/kubeconfig.ts'
import { ensurePki, type Pki } from '../../src/apiserver/pki/pki.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Client } from '../../src/client/client.ts'
import { HttpsTransport } from '../../src/client/https-transport.ts'
import { readKubeconfig, transportOptionsOf } from '../../src/client/kubeconfig.ts'
import { findInPath, versionOf } from './executables.ts'
import { ServerProcess, untilReady } from './server-process.ts'
import {
  clusterCidr,
  nodeName,
  type Part,
  type RunningSide,
  readyProbe,
  type Side,
  type StartOptions,
  serviceCidr,
} from './side.ts'
import { nodePrograms, type StockNode, startStockNode } from './stock-node.ts'

const programs: Record<Part | 'server', readonly string[]> = {
  server: ['etcd', 'kube-apiserver'],
  scheduler: ['kube-scheduler'],
  controllers: ['kube-controller-manager'],
  node: nodePrograms,
}

export const stock: Side = {
  name: 'stock',
  missing(parts) {
    const absent = (['server', ...parts] as const).flatMap(part => programs[part]).filter(name => !findInPath(name))
    return absent.length === 0 ? undefined : `not on PATH: ${absent.join(', ')}`
  },
  async versions() {
    const named = Object.values(programs).flat()
    const found = await Promise.all(
      named.map(async name => {
        const path = findInPath(name)
        const flag = name === 'coredns' ? '-version' : '--version'
        return [name, path === undefined ? 'absent' : await versionOf(path, flag)] as const
      }),
    )
    return Object.fromEntries(found)
  },
  start,
}

export interface StockPaths {
  readonly directory: string
  readonly pki: Pki
  readonly server: string
  readonly portBase: number
}

/** A kubeconfig of one of the cluster's identities. */
function kubeconfigOf({ directory, pki, server }: StockPaths, name: 'admin' | 'controller-manager' | 'scheduler') {
  const path = join(directory, `${name}.kubeconfig`)
  writeKubeconfig(path, { server, caPem: pki.caPem, clusterName: 'stock', userName: name, client: pki.identity(name) })
  return path
}

async function start(options: StartOptions): Promise<RunningSide> {
  const { parts, directory, portBase } = options
  const pki = ensurePki({
    directory: join(directory, 'pki'),
    nodeName,
    altNames: [],
    serviceAddresses: ['10.97.0.1'],
    clock: systemClock,
  })
  const securePort = portBase + 2
  const paths: StockPaths = { directory, pki, server: `https://127.0.0.1:${securePort}`, portBase }
  const admin = kubeconfigOf(paths, 'admin')
  const startedAt = performance.now()
  const processes = [
    new ServerProcess('etcd', directory, 'etcd', etcdFlags(directory, portBase)),
    new ServerProcess('kube-apiserver', directory, 'kube-apiserver', apiServerFlags(paths, securePort)),
  ]
  let node: StockNode | undefined
  const stop = async () => {
    await node?.stop()
    for (const one of [...processes].reverse()) await one.stop()
  }
  try {
    await untilReady('kube-apiserver', processes, await readyProbe(async () => admin))
    const readyMs = performance.now() - startedAt
    if (parts.includes('controllers'))
      processes.push(
        new ServerProcess('kube-controller-manager', directory, 'kube-controller-manager', managerFlags(paths)),
      )
    if (parts.includes('scheduler'))
      processes.push(new ServerProcess('kube-scheduler', directory, 'kube-scheduler', schedulerFlags(paths)))
    if (!parts.includes('node')) return { kubeconfig: admin, readyMs, processes, stop }
    node = await startStockNode(paths)
    await untilReady('node', [...processes, ...node.programs], () => nodeIsReady(admin))
    return {
      kubeconfig: admin,
      readyMs: performance.now() - startedAt,
      processes: [...processes, ...node.processes],
      hasDns: node.hasDns,
      loadImage: node.loadImage,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function nodeIsReady(kubeconfig: string): Promise<boolean> {
  const transport = new HttpsTransport(await transportOptionsOf(await readKubeconfig(kubeconfig)))
  try {
    const node = await new Client(transport, 'bench').of(Node).get('', nodeName)
    return node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  } finally {
    transport.close()
  }
}

const etcdFlags = (directory: string, portBase: number): string[] => {
  const client = `http://127.0.0.1:${portBase}`
  const peer = `http://127.0.0.1:${portBase + 1}`
  return [
    ...['--data-dir', join(directory, 'etcd'), '--log-level', 'error'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ...['--quota-backend-bytes', String(8 * 1024 ** 3)],
  ]
}

function apiServerFlags({ pki, portBase }: StockPaths, securePort: number): string[] {
  const file = (name: string) => join(pki.directory, name)
  return [
    `--etcd-servers=http://127.0.0.1:${portBase}`,
    `--secure-port=${securePort}`,
    '--bind-address=127.0.0.1',
    `--service-cluster-ip-range=${serviceCidr}`,
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged',
    `--requestheader-client-ca-file=${file('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${file('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${file('front-proxy-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-client-certificate=${file('apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${file('apiserver-kubelet-client.key')}`,
  ]
}

const ownConfig = (path: string): string[] =>
  ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(flag => `--${flag}=${path}`)

function managerFlags(paths: StockPaths): string[] {
  const file = (name: string) => join(paths.pki.directory, name)
  return [
    ...ownConfig(kubeconfigOf(paths, 'controller-manager')),
    `--secure-port=${paths.portBase + 3}`,
    '--bind-address=127.0.0.1',
    `--service-account-private-key-file=${file('sa.key')}`,
    `--root-ca-file=${file('ca.crt')}`,
    `--cluster-signing-cert-file=${file('ca.crt')}`,
    `--cluster-signing-key-file=${file('ca.key')}`,
    '--use-service-account-credentials',
    '--allocate-node-cidrs',
    `--cluster-cidr=${clusterCidr}`,
    `--service-cluster-ip-range=${serviceCidr}`,
    '--leader-elect=false',
    ...highRates,
  ]
}

const schedulerFlags = (paths: StockPaths): string[] => [
  ...ownConfig(kubeconfigOf(paths, 'scheduler')),
  `--secure-port=${paths.portBase + 4}`,
  '--bind-address=127.0.0.1',
  '--leader-elect=false',
  ...highRates,
]

/** The defaults of 20 to 50 requests a second would be what is measured; upstream's scheduler_perf sets 5,000 too. */
const highRates = ['--kube-api-qps=5000', '--kube-api-burst=5000']
