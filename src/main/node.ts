/** Container runtime, pod network, kubelet, proxy and DNS of this machine's node. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Node } from '../api/core/v1/node.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { Service } from '../api/core/v1/service.ts'
import { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import type { Spawner } from '../base/spawner.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, interfaceName } from '../cli/cluster-config.ts'
import { clusterNames } from '../dns/cluster-names.ts'
import { Responder } from '../dns/responder.ts'
import { startDnsServer } from '../dns/server.ts'
import { hostNameServers, parseServer, Upstream } from '../dns/upstream.ts'
import { startContainerd } from '../kubelet/containerd/instance.ts'
import { linkDriverDirectory } from '../kubelet/csi/driver-directory.ts'
import { startKubelet } from '../kubelet/kubelet.ts'
import { kubeletBackend } from '../kubelet/server/kubelet-backend.ts'
import { NodeAuthorization } from '../kubelet/server/node-authorization.ts'
import { type NodeServer, startNodeServer } from '../kubelet/server/node-server.ts'
import { volumesDirectoryAnnotation } from '../machinery/local-path.ts'
import { dnsPortAnnotation } from '../machinery/node-annotations.ts'
import { startHostPorts } from '../network/host-ports.ts'
import { startNodeNetwork, uplinkOf, vxlanOverheadBytes } from '../network/node-network.ts'
import { startPodNetwork } from '../network/pod-network.ts'
import { startProxy } from '../proxy/proxy.ts'
import { ProxyMetrics, startStatusServers } from '../proxy/status-server.ts'
import type { NodeAccess, NodeComponent } from './node-access.ts'
import { random } from './random.ts'
import { kubernetesVersion } from './versions.ts'

/** Names of a cluster's kernel objects. */
export const kernelNames = ({ name }: Pick<ClusterConfig, 'name'>) => ({
  bridge: interfaceName('clip', name),
  tunnel: interfaceName('clipvx', name),
  egressTable: `clipper-${name}-egress`,
  hostPortsTable: `clipper-${name}-ports`,
  proxyTable: `clipper-${name}-proxy`,
  cgroupRoot: `/clipper-${name}`,
})

export const cgroupDriver = (): 'cgroupfs' | 'systemd' => (existsSync('/run/systemd/system') ? 'systemd' : 'cgroupfs')

/** kube-proxy's bit. */
const masqueradeMark = 0x4000

export interface RunningNode {
  /** Leaves containers running. */
  stop(): Promise<void>
}

const cniDirectory = (config: ClusterConfig): string => join(config.dataDirectory, 'cni')
export const cniConfigDirectory = (config: ClusterConfig): string => join(cniDirectory(config), 'conf')

export async function startNode(config: ClusterConfig, access: NodeAccess, spawner: Spawner): Promise<RunningNode> {
  const clock = systemClock
  const stopping = new AbortController()
  const { signal } = stopping
  const names = kernelNames(config)
  const { settings } = access
  const informersAs = (component: NodeComponent) =>
    access.informersFor(access.clientFor(component), loggerOf(component))

  const proxyInformers = informersAs('kube-proxy')
  const proxyMetrics = new ProxyMetrics()
  const proxy = startProxy({
    services: proxyInformers.of(Service),
    endpointSlices: proxyInformers.of(EndpointSlice),
    runner: spawner,
    clock,
    log: loggerOf('kube-proxy'),
    table: names.proxyTable,
    nodeName: config.nodeName,
    nodeAddresses: [config.nodeAddress],
    clusterCidr: settings.clusterCidr,
    serviceCidr: settings.serviceCidr,
    masqueradeMark,
    onSynced: seconds => proxyMetrics.synced(seconds, clock.now()),
  })
  const ownNode = proxyInformers.of(Node, { fieldSelector: `metadata.name=${config.nodeName}` })
  const proxyStatus = startStatusServers(
    { clock, log: loggerOf('kube-proxy'), status: proxy.status, node: () => ownNode.get('', config.nodeName) },
    proxyMetrics,
  )
  proxyInformers.start(signal)

  const dnsLog = loggerOf('dns')
  const dnsInformers = informersAs('dns')
  const upstreams = config.dnsUpstreams.length > 0 ? config.dnsUpstreams.map(parseServer) : hostNameServers()
  const dnsNames = clusterNames(settings.clusterDomain, dnsInformers.of(Service), dnsInformers.of(EndpointSlice))
  const responder = new Responder(dnsNames, new Upstream(upstreams, clock), random)
  dnsInformers.start(signal)
  const dns = await startDnsServer({
    responder,
    addresses: [config.nodeAddress, '127.0.0.1'],
    port: config.dnsPort,
    log: dnsLog,
  })

  const network = await startNetwork(config, access, spawner, signal)

  const containerd = await startContainerd({
    spawner,
    clock,
    log: loggerOf('containerd'),
    dataDirectory: config.dataDirectory,
    cniConfDirectory: cniConfigDirectory(config),
    signal,
  }).catch((error: Error) => {
    const log = join(config.dataDirectory, 'containerd', 'containerd.log')
    throw new CliError(
      `the container runtime does not start: ${error.message}`,
      `look into ${log}, and whether ${config.dataDirectory} has room (df)`,
    )
  })
  const kubeletLog = loggerOf('kubelet')
  const kubeletClient = access.clientFor('kubelet')
  const kubeletInformers = access.informersFor(kubeletClient, kubeletLog)
  linkDriverDirectory(config.dataDirectory)
  const kubelet = startKubelet({
    client: kubeletClient,
    informers: kubeletInformers,
    clock,
    log: kubeletLog,
    spawner,
    nodeName: config.nodeName,
    dataDirectory: config.dataDirectory,
    localPathDirectory: join(config.dataDirectory, 'volumes'),
    cri: containerd.runtime,
    runtimeVersion: containerd.version,
    clusterDns: [settings.clusterDns],
    clusterDomain: settings.clusterDomain,
    kubeletPort: config.kubeletPort,
    version: kubernetesVersion,
    hostIps: [config.nodeAddress],
    cgroupDriver: cgroupDriver(),
    cgroupRoot: names.cgroupRoot,
    drained: proxy.drained,
    nodeAnnotations: () => ({
      ...access.annotations(),
      [dnsPortAnnotation]: `${config.dnsPort}`,
      [volumesDirectoryAnnotation]: join(config.dataDirectory, 'volumes'),
    }),
  })
  kubeletInformers.start(signal)
  await kubelet.started
  const serving = await access.serving(pair => nodeServer.useCertificate(pair.certificatePem, pair.privateKeyPem))
  const nodeServer: NodeServer = await startNodeServer({
    backend: kubeletBackend(kubelet, containerd.runtime),
    authorization: new NodeAuthorization(kubeletClient, config.nodeName, clock),
    host: '0.0.0.0',
    port: config.kubeletPort,
    certificate: serving.certificatePem,
    key: serving.privateKeyPem,
    clientCa: access.clientCaPem,
    log: kubeletLog,
    now: () => clock.now(),
  })

  return {
    async stop() {
      await kubelet.stop()
      await nodeServer.stop()
      network.stop()
      proxyStatus.stop()
      await proxy.stop()
      await dns.stop()
      stopping.abort()
      containerd.detach()
    },
  }
}

/** Addresses of pods, ways to those of other nodes, and host ports. */
async function startNetwork(
  config: ClusterConfig,
  { settings, ...access }: NodeAccess,
  runner: Spawner,
  signal: AbortSignal,
): Promise<{ stop(): void }> {
  const log = loggerOf('network')
  const names = kernelNames(config)
  const { clusterCidr, podNetwork, vxlanId, vxlanPort } = settings
  const informers = access.informersFor(access.clientFor('network'), log)
  const nodes = informers.of(Node)
  const pods = informers.of(Pod, { fieldSelector: `spec.nodeName=${config.nodeName}` })
  const common = { runner, clock: systemClock, log }
  const linkMtu = (await uplinkOf(runner, config.nodeAddress))?.mtu ?? defaultMtu
  const mtu = podNetwork === 'vxlan' ? linkMtu - vxlanOverheadBytes : linkMtu
  const stops = [
    startHostPorts({ ...common, pods, table: names.hostPortsTable, bridge: names.bridge }),
    startNodeNetwork({
      ...common,
      mode: podNetwork,
      nodes,
      nodeName: config.nodeName,
      nodeAddress: config.nodeAddress,
      clusterCidr,
      device: names.tunnel,
      vxlanId,
      vxlanPort,
      mtu,
    }),
    startPodNetwork({
      ...common,
      nodes,
      nodeName: config.nodeName,
      bridge: names.bridge,
      table: names.egressTable,
      clusterCidr,
      cniConfigDirectory: cniConfigDirectory(config),
      ipamDirectory: join(cniDirectory(config), 'ipam'),
      mtu,
    }),
  ]
  informers.start(signal)
  return {
    stop() {
      for (const stop of stops) stop()
    },
  }
}

const defaultMtu = 1500
