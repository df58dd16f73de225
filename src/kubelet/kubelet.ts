/** The node's agent: wires its parts together, starts and stops them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Taint } from '../api/core/v1/affinity.ts'
import type { Node } from '../api/core/v1/node.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { Service } from '../api/core/v1/service.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Spawner } from '../base/spawner.ts'
import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { ContainerAccess } from './container-access.ts'
import { sandboxImage } from './containerd/instance.ts'
import { rotateLogs } from './containers/log-rotation.ts'
import type { RuntimeClient } from './cri/runtime-client.ts'
import { CsiNodeWriter } from './csi/csi-node.ts'
import { CsiVolumes } from './csi/csi-volumes.ts'
import { driverDirectory } from './csi/driver-directory.ts'
import { PluginWatcher } from './csi/plugin-watcher.ts'
import { EvictionManager, observeNode } from './eviction/eviction-manager.ts'
import type { Observations } from './eviction/thresholds.ts'
import { UsageReader } from './eviction/usage-reader.ts'
import { ImageCollector } from './images/image-collector.ts'
import { ImageManager } from './images/image-manager.ts'
import { hostAddress, readMachine } from './node/node-info.ts'
import { NodeReporter } from './node/node-reporter.ts'
import { admit } from './pods/admit.ts'
import { BackOff, crashBackOff } from './pods/back-off.ts'
import { PodManager } from './pods/pod-manager.ts'
import { type PodServices, podEvent } from './pods/pod-services.ts'
import { StaticPods } from './pods/static-pods.ts'
import { ProbeManager } from './probes/probe-manager.ts'
import { kubeletDirectory, podsDirectory, removeAllPods } from './remove-all-pods.ts'
import { AllocationStore } from './resize/allocation-store.ts'
import { PodResizes } from './resize/pod-resizes.ts'
import { ResizeMetrics } from './resize/resize-metrics.ts'
import { type CgroupDriver, Cgroups } from './resources/cgroups.ts'
import { readHostResolver } from './sandbox/dns.ts'
import { ContainerMetrics } from './stats/container-metrics.ts'
import { KubeletMetrics } from './stats/kubelet-metrics.ts'
import { StatsProvider } from './stats/summary.ts'
import { VolumeMeter, volumeMetrics } from './stats/volume-metrics.ts'
import { StatusWriter } from './status/status-writer.ts'
import { LocalPathVolumes } from './volumes/local-path-volumes.ts'
import { Mounter } from './volumes/mounter.ts'
import { ObjectWatcher } from './volumes/object-watcher.ts'
import { isLocalMounted, PersistentVolumes } from './volumes/persistent-volumes.ts'
import { PodCertificates } from './volumes/pod-certificates.ts'
import { TokenSource } from './volumes/token-source.ts'
import { TrustBundles } from './volumes/trust-bundles.ts'
import { VolumeManager } from './volumes/volume-manager.ts'

export interface KubeletOptions {
  /** With the identity `system:node:NAME`. */
  readonly client: Client
  readonly informers: InformerFactory
  readonly clock: Clock
  readonly log: Logger
  readonly spawner: Spawner
  /** Stops the kubelet like `stop`. */
  readonly signal?: AbortSignal
  readonly nodeName: string
  /** The cluster's; the kubelet's own lies in `kubelet/` below it, logs in `logs/pods/`. */
  readonly dataDirectory: string
  /** Holds the directories that are given out as volumes; absent: none are. */
  readonly localPathDirectory?: string
  readonly cri: RuntimeClient
  readonly runtimeVersion: string
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** Of the node's HTTPS server. */
  readonly kubeletPort: number
  /** As `v1.37.2`. */
  readonly version: string
  readonly hostIps?: readonly string[]
  readonly cgroupDriver?: CgroupDriver
  /** `/kubepods` where absent. */
  readonly cgroupRoot?: string
  readonly maxPods?: number
  readonly maxParallelPulls?: number
  /** On the Node; asked again for every report. */
  readonly nodeAnnotations?: () => Readonly<Record<string, string>>
  readonly nodeLabels?: Readonly<Record<string, string>>
  readonly nodeTaints?: Taint[]
  /** Of the node's service proxy; absent: containers of a pod that goes are signalled at once. */
  readonly drained?: PodServices['drained']
  /** What is left of the machine, for tests of a node that runs short. */
  readonly observeNode?: () => Observations
  readonly evictionEveryMs?: number
  /** Manifests of static pods. */
  readonly manifestDirectory?: string
}

export interface Kubelet {
  readonly manager: PodManager
  readonly containers: ContainerAccess
  readonly stats: StatsProvider
  readonly containerMetrics: ContainerMetrics
  readonly probes: Pick<ProbeManager, 'metrics'>
  /** Prometheus text of what its parts count. */
  metrics(): Promise<string>
  /** Resolves when the node is registered and its pods are looked after. */
  readonly started: Promise<void>
  node(): Node
  isReady(): boolean
  /** Leaves containers running. */
  stop(): Promise<void>
  /** Stops, then takes away all pods' sandboxes, mounts and control groups. */
  stopAllPods(graceSeconds?: number): Promise<void>
}

export const defaultCgroupRoot = '/kubepods'
const defaultMaxPods = 110
const defaultParallelPulls = 3
const rotateEveryMs = 10_000
const imagesEveryMs = 300_000
const localPathEveryMs = 10_000
const downGraceSeconds = 10

/** Where pods' logs lie, as the stock kubelet's /var/log/pods. */
export const podLogsDirectory = (dataDirectory: string): string => join(dataDirectory, 'logs', 'pods')

export function startKubelet(options: KubeletOptions): Kubelet {
  const { client, clock, log, nodeName, dataDirectory, cri } = options
  const ofPlugins = ['plugins', 'plugins_registry'].map(name => join(kubeletDirectory(dataDirectory), name))
  for (const path of [podsDirectory(dataDirectory), podLogsDirectory(dataDirectory), ...ofPlugins])
    mkdirSync(path, { recursive: true, mode: 0o755 })
  const hostIps = options.hostIps ?? [hostAddress()]
  const maxPods = options.maxPods ?? defaultMaxPods
  const cgroupDriver = options.cgroupDriver ?? 'cgroupfs'
  const cgroupRoot = options.cgroupRoot ?? defaultCgroupRoot
  const machine = readMachine(dataDirectory)
  const recorder = new EventRecorder({ client, clock, log, component: 'kubelet', host: nodeName })
  const nodeEvent = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    recorder.recordAbout({ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName }, type, reason, message)
  const reporter = new NodeReporter({
    client,
    clock,
    log,
    runtime: cri,
    nodeName,
    machine,
    kubeletPort: options.kubeletPort,
    version: options.version,
    runtimeVersion: options.runtimeVersion,
    maxPods,
    labels: options.nodeLabels ?? {},
    taints: options.nodeTaints,
    annotations: options.nodeAnnotations ?? (() => ({})),
    hostIps: () => hostIps,
    pressure: () => evictions.conditions(),
    volumesInUse: () => [...csiVolumes.inUse(), ...(localPath?.inUse() ?? [])],
    event: nodeEvent,
  })
  const services = options.informers.of(Service)
  const pods = options.informers.of(Pod, { fieldSelector: `spec.nodeName=${nodeName}` })
  const announceInUse = () => reporter.report()
  const mounter = new Mounter(options.spawner)
  const csiNode = new CsiNodeWriter(client, nodeName, () => reporter.node.metadata.uid)
  const plugins = new PluginWatcher({
    directory: join(kubeletDirectory(dataDirectory), 'plugins_registry'),
    node: csiNode,
    clock,
    log,
  })
  const csiVolumes = new CsiVolumes({
    client,
    clock,
    drivers: plugins,
    mounter,
    directory: kubeletDirectory(dataDirectory),
    shownDirectory: driverDirectory(dataDirectory),
    nodeName,
    announceInUse,
  })
  const localPath =
    options.localPathDirectory === undefined
      ? undefined
      : new LocalPathVolumes({
          client,
          log,
          directory: options.localPathDirectory,
          isMounted: name => isLocalMounted(kubeletDirectory(dataDirectory), name),
        })
  const persistentVolumes = new PersistentVolumes({
    client,
    mounter,
    directory: kubeletDirectory(dataDirectory),
    csi: csiVolumes,
    announceInUse,
    ...(localPath ? { localPath } : {}),
    event: (pod, reason, message) => podEvent(shared, pod, 'Warning', reason, message),
  })
  const volumeMeter = new VolumeMeter(clock)
  const measureClaims = () => volumeMeter.measure(persistentVolumes.mountedClaims())
  const volumes = new VolumeManager(podsDirectory(dataDirectory), mounter, () => clock.now(), persistentVolumes)
  const cgroups = new Cgroups({ driver: cgroupDriver, root: cgroupRoot })
  const wake = (uid: string) => manager.wake(uid)
  const objects = new ObjectWatcher(client, clock, wake)
  const statuses = new StatusWriter(client, clock, log)
  const probes = new ProbeManager({
    runtime: cri,
    clock,
    onChange: wake,
    event: (pod, container, type, reason, message) => podEvent(shared, pod, type, reason, message, container.name),
  })
  const resolver = readHostResolver()
  const resizeMetrics = new ResizeMetrics()
  const kubeletMetrics = new KubeletMetrics(nodeName, options.version, `linux/${machine.architecture}`)
  cri.observe = (path, seconds, failed) => kubeletMetrics.runtimeCalled(path, seconds, failed)
  const resizes = new PodResizes({
    store: new AllocationStore(join(kubeletDirectory(dataDirectory), 'allocations'), log),
    clock,
    log,
    metrics: resizeMetrics,
    problem: async pod => (await admit(shared, pod, false))?.message,
    worker: uid => manager.byUid(uid),
    event: (pod, type, reason, message) => podEvent(shared, pod, type, reason, message),
  })
  const shared: PodServices = {
    client,
    clock,
    log,
    runtime: cri,
    recorder,
    images: new ImageManager(cri, clock, options.maxParallelPulls ?? defaultParallelPulls),
    volumes,
    probes,
    objects,
    tokens: new TokenSource(client, clock),
    trustBundles: new TrustBundles(options.informers, wake),
    certificates: new PodCertificates({
      client,
      informers: options.informers,
      clock,
      random: Math.random,
      nodeName,
      nodeUid: () => reporter.node.metadata.uid,
      onChange: wake,
      event: (pod, reason, message) => podEvent(shared, pod, 'Warning', reason, message),
    }),
    cgroups,
    resizes,
    resizeMetrics,
    containerEnded: (pod, record) => kubeletMetrics.containerEnded(pod, record),
    statuses,
    backOff: new BackOff(crashBackOff),
    logsDirectory: podLogsDirectory(dataDirectory),
    memoryCapacityBytes: machine.memoryBytes,
    dns: () => ({ clusterDns: options.clusterDns, clusterDomain: options.clusterDomain, host: resolver }),
    node: () => reporter.node,
    pressure: () => evictions.conditions(),
    hostIps: () => hostIps,
    drained: options.drained ?? (async () => {}),
    services: () => services.list(),
    otherPods: uid =>
      manager
        .workers()
        .filter(other => other.uid !== uid && other.holdsResources)
        .map(({ pod }) => resizes.heldPod(pod)),
  }
  const manager = new PodManager({ services: shared, pods, runtime: cri, volumes, cgroups, clock, log })
  const staticPods =
    options.manifestDirectory === undefined
      ? undefined
      : new StaticPods({ directory: options.manifestDirectory, nodeName, client, clock, log, manager })
  const collector = new ImageCollector({
    runtime: cri,
    clock,
    log,
    directory: dataDirectory,
    keep: [sandboxImage],
    event: (reason, message) => nodeEvent('Warning', reason, message),
  })

  const usages = new UsageReader({ runtime: cri, cgroups, volumes, spawner: options.spawner })
  const evictions = new EvictionManager({
    clock,
    log,
    observe: options.observeNode ?? (() => observeNode(dataDirectory)),
    pods: () => manager.workers(),
    usage: (measured, withInodes) => usages.read(measured, withInodes),
    freeDisk: () => collector.removeUnused(),
    event: nodeEvent,
    ...(options.evictionEveryMs === undefined ? {} : { everyMs: options.evictionEveryMs }),
  })

  let stopping: Promise<void> | undefined
  const timers = new Map<string, Timer>()
  const every = (name: string, periodMs: number, act: () => Promise<unknown>) => {
    if (stopping) return
    const again = () => {
      void act()
        .catch((error: unknown) => log.warn({ error: (error as Error).message }, `${name} failed`))
        .finally(() => every(name, periodMs, act))
    }
    timers.set(name, clock.after(periodMs, again))
  }

  const started = (async () => {
    // Pods are admitted by what the node object says, so it comes first.
    await reporter.start()
    if (stopping) return
    await csiNode.ensure().catch((error: unknown) => log.warn({ error: (error as Error).message }, 'no CSINode'))
    plugins.start()
    await services.synced()
    await staticPods?.start()
    await manager.start()
    evictions.start()
    every('log rotation', rotateEveryMs, async () => {
      const running = manager
        .workers()
        .flatMap(({ runtime }) => runtime.containers.filter(({ state }) => state === 'running'))
      await rotateLogs(cri, running, clock.now(), log)
    })
    if (localPath) every('deletion of local volumes', localPathEveryMs, () => localPath.look())
    every('image collection', imagesEveryMs, () => collector.collect())
  })()
  started.catch((error: unknown) => log.error({ error: (error as Error).message }, 'kubelet not started'))

  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      reporter.stop()
      staticPods?.stop()
      for (const timer of timers.values()) timer.cancel()
      probes.stop()
      statuses.stop()
      resizes.stop()
      evictions.stop()
      await manager.stop()
      plugins.stop()
      objects.stop()
      recorder.stop()
    })()
    return stopping
  }
  options.signal?.addEventListener('abort', () => void stop(), { once: true })
  return {
    manager,
    containers: new ContainerAccess(manager, cri),
    stats: new StatsProvider({
      nodeName,
      runtime: cri,
      manager,
      cgroups,
      clock,
      directory: dataDirectory,
      claims: measureClaims,
    }),
    containerMetrics: new ContainerMetrics({ runtime: cri, manager, cgroups, clock, machine }),
    probes,
    metrics: async () =>
      `${await kubeletMetrics.text()}${await resizeMetrics.text()}${await evictions.metrics()}${volumeMetrics(await measureClaims())}`,
    started,
    node: () => reporter.node,
    isReady: () => reporter.isReady,
    stop,
    stopAllPods: async (graceSeconds = downGraceSeconds) => {
      await stop()
      await removeAllPods({
        runtime: cri,
        spawner: options.spawner,
        log,
        dataDirectory,
        cgroupDriver,
        cgroupRoot,
        graceSeconds,
      })
    },
  }
}
