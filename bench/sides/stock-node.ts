/**
 * The node of the stock side: stock kubelet, kube-proxy (nftables) and CoreDNS. containerd and the pod network are the
 * same on both sides: started and configured as Clipper's own.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Service } from '../../src/api/core/v1/service.ts'
import { EndpointSlice } from '../../src/api/discovery/v1/endpoint-slice.ts'
import { writeKubeconfig } from '../../src/apiserver/pki/kubeconfig.ts'
import { systemClock } from '../../src/base/clock.ts'
import { loggerOf } from '../../src/base/log.ts'
import type { KeyPair } from '../../src/base/pki/certificate.ts'
import { HelperSpawner } from '../../src/base/spawner.ts'
import { primaryAddress } from '../../src/cli/node-identity.ts'
import { Client } from '../../src/client/client.ts'
import { HttpsTransport } from '../../src/client/https-transport.ts'
import { readKubeconfig, transportOptionsOf } from '../../src/client/kubeconfig.ts'
import { type Containerd, startContainerd } from '../../src/kubelet/containerd/instance.ts'
import { removeAllPods } from '../../src/kubelet/remove-all-pods.ts'
import { Mounter } from '../../src/kubelet/volumes/mounter.ts'
import { setUpPodNetwork, tearDownPodNetwork } from '../../src/network/pod-network.ts'
import { findInPath } from './executables.ts'
import { type NamedProcess, ServerProcess } from './server-process.ts'
import { clusterCidr, dnsAddress, nodeName, podCidr } from './side.ts'
import type { StockPaths } from './stock.ts'

export const nodePrograms = ['kubelet', 'kube-proxy', 'containerd'] as const
/** Without it the node runs, but names do not resolve. */
const dnsProgram = 'coredns'

const bridge = 'bench-stock'
const table = 'bench-stock-egress'
const cgroupRoot = '/bench-stock'

/** One in each hierarchy of version 1, or the one of version 2. The kubelet wants it to exist. */
function cgroupDirectories(): string[] {
  const mount = '/sys/fs/cgroup'
  if (existsSync(join(mount, 'cgroup.controllers'))) return [join(mount, cgroupRoot)]
  return readdirSync(mount)
    .filter(name => name !== 'unified')
    .map(name => join(mount, name, cgroupRoot))
}

function quietLog() {
  const log = loggerOf('bench')
  log.level = 'error'
  return log
}

export interface StockNode {
  readonly programs: readonly ServerProcess[]
  readonly processes: readonly NamedProcess[]
  readonly hasDns: boolean
  loadImage(archive: string): Promise<void>
  stop(): Promise<void>
}

export async function startStockNode(paths: StockPaths): Promise<StockNode> {
  const { directory, pki, portBase } = paths
  const spawner = new HelperSpawner()
  const cniConfigDirectory = join(directory, 'cni')
  const network = {
    runner: spawner,
    bridge,
    table,
    podCidr,
    clusterCidr,
    cniConfigDirectory,
    ipamDirectory: join(directory, 'ipam'),
    mtu: 1500,
  }
  await setUpPodNetwork(network)
  const containerd = await startContainerd({
    spawner,
    clock: systemClock,
    log: quietLog(),
    dataDirectory: directory,
    cniConfDirectory: cniConfigDirectory,
  })
  for (const path of cgroupDirectories()) mkdirSync(path, { recursive: true })
  const kubeletDirectory = join(directory, 'kubelet')
  const processes: ServerProcess[] = []
  const launch = (name: string, flags: readonly string[]) =>
    processes.push(new ServerProcess(name, directory, name, flags))
  launch(
    'kubelet',
    kubeletFlags(paths, containerd, kubeletDirectory, kubeconfigOf(paths, 'node', pki.nodeClient(nodeName))),
  )
  launch('kube-proxy', [
    `--kubeconfig=${kubeconfigOf(paths, 'kube-proxy', pki.identity('kube-proxy'))}`,
    '--proxy-mode=nftables',
    `--cluster-cidr=${clusterCidr}`,
    `--hostname-override=${nodeName}`,
    `--healthz-bind-address=127.0.0.1:${portBase + 7}`,
    `--metrics-bind-address=127.0.0.1:${portBase + 8}`,
    '--conntrack-max-per-core=0',
  ])
  const hasDns = findInPath(dnsProgram) !== undefined
  if (hasDns) {
    const admin = join(directory, 'admin.kubeconfig')
    launch(dnsProgram, ['-conf', writeCorefile(directory, admin, portBase + 9)])
    await makeDnsService(admin, portBase + 9)
  }
  return {
    programs: processes,
    processes: [...processes, { name: 'containerd', pid: containerd.pid() }],
    hasDns,
    loadImage: async archive => void (await containerd.importImage(archive)),
    async stop() {
      await Promise.all(processes.map(one => one.stop()))
      await removeAllPods({
        runtime: containerd.runtime,
        spawner,
        log: quietLog(),
        dataDirectory: directory,
        cgroupDriver: 'cgroupfs',
        cgroupRoot: `${cgroupRoot}/kubepods`,
        graceSeconds: 1,
      })
      for (const path of cgroupDirectories()) if (existsSync(path)) rmdirSync(path)
      await containerd.stop()
      await new Mounter(spawner).unmountBelow(directory)
      await tearDownPodNetwork(network)
      for (const family of ['ip', 'ip6'])
        await spawner.run('nft', ['delete', 'table', family, 'kube-proxy'], { timeoutMs: 60_000 })
      spawner.close()
    },
  }
}

function kubeconfigOf({ directory, pki, server }: StockPaths, name: string, client: KeyPair): string {
  const path = join(directory, `${name}.kubeconfig`)
  writeKubeconfig(path, { server, caPem: pki.caPem, clusterName: 'stock', userName: name, client })
  return path
}

function kubeletFlags(
  { directory, pki, portBase }: StockPaths,
  containerd: Containerd,
  kubeletDirectory: string,
  kubeconfig: string,
): string[] {
  const resolvConf = join(directory, 'resolv.conf')
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\n')
  mkdirSync(kubeletDirectory, { recursive: true })
  const config = join(directory, 'kubelet.json')
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      address: '127.0.0.1',
      port: portBase + 5,
      healthzPort: portBase + 6,
      failSwapOn: false,
      failCgroupV1: false,
      cgroupDriver: 'cgroupfs',
      cgroupRoot,
      cgroupsPerQOS: true,
      enforceNodeAllocatable: [],
      containerRuntimeEndpoint: `unix://${containerd.socketPath}`,
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: join(pki.directory, 'ca.crt') },
      },
      authorization: { mode: 'Webhook' },
      clusterDNS: [dnsAddress],
      clusterDomain: 'cluster.local',
      resolvConf,
      volumePluginDir: join(directory, 'plugins'),
      evictionHard: { 'nodefs.available': '1%', 'imagefs.available': '1%', 'memory.available': '100Mi' },
    }),
  )
  return [
    `--config=${config}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${nodeName}`,
    `--root-dir=${kubeletDirectory}`,
    `--cert-dir=${join(directory, 'kubelet-pki')}`,
    `--node-ip=${primaryAddress()}`,
  ]
}

function writeCorefile(directory: string, kubeconfig: string, port: number): string {
  const path = join(directory, 'Corefile')
  writeFileSync(
    path,
    `.:${port} {
  bind ${primaryAddress()}
  errors
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig ${kubeconfig}
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
  }
  cache 30
}
`,
  )
  return path
}

/** The Service of the cluster DNS, with CoreDNS on the host as its endpoint. */
async function makeDnsService(kubeconfig: string, port: number): Promise<void> {
  const transport = new HttpsTransport(await transportOptionsOf(await readKubeconfig(kubeconfig)))
  const client = new Client(transport, 'bench')
  const ports = ['UDP', 'TCP'] as const
  await client.of(Service).create('kube-system', {
    metadata: { name: 'kube-dns' },
    spec: {
      clusterIP: dnsAddress,
      ports: ports.map(protocol => ({ name: `dns-${protocol.toLowerCase()}`, port: 53, protocol })),
    },
  })
  await client.of(EndpointSlice).create('kube-system', {
    metadata: { name: 'kube-dns', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    addressType: 'IPv4',
    ports: ports.map(protocol => ({ name: `dns-${protocol.toLowerCase()}`, port, protocol })),
    endpoints: [{ addresses: [primaryAddress()] }],
  })
  transport.close()
}
