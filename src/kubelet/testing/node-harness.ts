/** A node for tests: a containerd of its own in a temporary directory, a bridge network, a busybox image, an API in memory. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pod } from '../../api/core/v1/pod.ts'
import { systemClock } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { HelperSpawner } from '../../base/spawner.ts'
import { Client } from '../../client/client.ts'
import { InformerFactory } from '../../client/informer-factory.ts'
import { MemoryTransport } from '../../client/testing/memory-transport.ts'
import type { Draft } from '../../schema/message.ts'
import { type Containerd, startContainerd } from '../containerd/instance.ts'
import { writeOciImage } from '../containerd/oci-image.ts'
import { type Kubelet, type KubeletOptions, startKubelet } from '../kubelet.ts'

export const busybox = 'clipper.test/busybox:1'
export const testNodeName = 'node-a'

const applets =
  'sh sleep cat echo ls id env hostname wget httpd nc true false kill test dd head tail touch mkdir stat mount ip'.split(
    ' ',
  )

function busyboxImage(): Buffer {
  return writeOciImage({
    name: busybox,
    files: [
      { name: 'bin', mode: 0o755 },
      { name: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') },
      ...applets.map(applet => ({ name: `bin/${applet}`, mode: 0o777, linkTo: 'busybox' })),
      { name: 'etc', mode: 0o755 },
      { name: 'etc/passwd', mode: 0o644, content: Buffer.from('root:x:0:0:root:/root:/bin/sh\n') },
      { name: 'etc/group', mode: 0o644, content: Buffer.from('root:x:0:\n') },
      { name: 'root', mode: 0o700 },
      { name: 'tmp', mode: 0o1777 },
    ],
    command: ['sh'],
  })
}

export class NodeHarness {
  readonly directory = mkdtempSync('/tmp/clipper-node-')
  readonly spawner = new HelperSpawner()
  readonly transport = new MemoryTransport()
  readonly client = new Client(this.transport, 'test')
  readonly cgroupRoot = `/clipper-test-${process.pid}`
  readonly #bridge = `ct${process.pid}`
  readonly #stopped = new AbortController()
  readonly #log = loggerOf('kubelet-test')
  containerd!: Containerd
  kubelet!: Kubelet
  #stopInformers = new AbortController()
  readonly #options: Partial<KubeletOptions>

  constructor(options: Partial<KubeletOptions> = {}) {
    this.#options = options
  }

  async start(): Promise<void> {
    const cni = join(this.directory, 'cni')
    mkdirSync(cni, { recursive: true })
    const third = process.pid % 250
    const plugins = [
      {
        type: 'bridge',
        bridge: this.#bridge,
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: join(this.directory, 'ipam'),
          ranges: [[{ subnet: `10.213.${third}.0/24` }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ]
    writeFileSync(join(cni, '10-test.conflist'), JSON.stringify({ cniVersion: '0.4.0', name: this.#bridge, plugins }))
    this.containerd = await this.#startContainerd()
    const archive = join(this.directory, 'busybox.tar')
    writeFileSync(archive, busyboxImage())
    await this.containerd.importImage(archive)
    this.transport.intercept = request => {
      if (!request.path.endsWith('/token')) return undefined
      return {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        status: { token: 'a.test.token', expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString() },
      }
    }
    await this.startKubelet()
  }

  #startContainerd(): Promise<Containerd> {
    return startContainerd({
      spawner: this.spawner,
      clock: systemClock,
      log: this.#log,
      dataDirectory: this.directory,
      cniConfDirectory: join(this.directory, 'cni'),
    })
  }

  async startKubelet(): Promise<void> {
    this.#stopInformers = new AbortController()
    const needs = { clock: systemClock, random: Math.random, log: this.#log }
    const informers = new InformerFactory(this.client, needs)
    informers.start(this.#stopInformers.signal)
    this.kubelet = startKubelet({
      client: this.client,
      informers,
      clock: systemClock,
      log: this.#log,
      spawner: this.spawner,
      nodeName: testNodeName,
      dataDirectory: this.directory,
      cri: this.containerd.runtime,
      runtimeVersion: this.containerd.version,
      clusterDns: ['10.96.0.10'],
      clusterDomain: 'cluster.local',
      kubeletPort: 10250,
      version: 'v1.37.2',
      cgroupRoot: this.cgroupRoot,
      manifestDirectory: join(this.directory, 'manifests'),
      ...this.#options,
    })
    await this.kubelet.started
  }

  async stopKubelet(): Promise<void> {
    await this.kubelet.stop()
    this.#stopInformers.abort()
  }

  async close(): Promise<void> {
    await this.kubelet.stopAllPods(0)
    this.#stopInformers.abort()
    this.#stopped.abort()
    await this.containerd.stop()
    await this.spawner.run('ip', ['link', 'delete', this.#bridge])
    this.spawner.close()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Creates a pod bound to the node. */
  async createPod(name: string, spec: Draft<Pod['spec']>, metadata: Draft<Pod['metadata']> = {}): Promise<Pod> {
    return await this.client.of(Pod).create('default', {
      metadata: { ...metadata, name, namespace: 'default', uid: randomUUID() },
      spec: { nodeName: testNodeName, serviceAccountName: 'default', ...spec },
    })
  }

  pod(name: string): Pod | undefined {
    return this.transport.peek(Pod, 'default', name)
  }

  /** Waits for a state of the pod; fails with what it was last. */
  async until<T>(name: string, wanted: (pod: Pod) => T | undefined | false, timeoutMs = 20_000): Promise<T> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const pod = this.pod(name)
      const result = pod && wanted(pod)
      if (result) return result
      if (performance.now() > deadline)
        throw new Error(`pod ${name} did not get there: ${JSON.stringify(pod?.status ?? 'gone', undefined, 1)}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  async untilGone(name: string, timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (this.pod(name)) {
      if (performance.now() > deadline) throw new Error(`pod ${name} is still there: ${JSON.stringify(this.pod(name))}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  async logs(name: string, container: string, previous = false): Promise<string> {
    const { files } = await this.kubelet.containers.logFiles('default', name, container, previous)
    return files
      .flatMap(file => readFileSync(file, 'utf8').split('\n'))
      .map(line => line.split(' ').slice(3).join(' '))
      .join('\n')
  }
}

/** A script in the test image. */
export const script = (name: string, text: string) => ({ name, image: busybox, command: ['sh', '-c', text] })
