/** Pods from manifests on the node, and the API objects that mirror them (Kubernetes documentation, "static Pods"). */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import { isAlreadyExists, isNotFound } from '../../machinery/api-error.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { parseYaml } from '../../schema/yaml.ts'
import { mirrorAnnotation, type PodManager } from './pod-manager.ts'

export interface StaticPodsOptions {
  readonly directory: string
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly manager: PodManager
}

/** Upstream looks every 20 s and on changes of the directory; a short round does for both. */
const everyMs = 5_000
/** A manifest is a pod, not a file system. */
const maxManifestBytes = 1 << 20

export class StaticPods {
  readonly #options: StaticPodsOptions
  #known = new Map<string, Pod>()
  #timer: Timer | undefined
  #stopped = false

  constructor(options: StaticPodsOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#look()
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.after(everyMs, () => {
      void this.#look()
        .catch((error: unknown) => this.#options.log.warn({ error: (error as Error).message }, 'static pods not read'))
        .finally(() => this.#schedule())
    })
  }

  async #look(): Promise<void> {
    const found = new Map(this.#read().map(pod => [pod.metadata.uid, pod]))
    for (const uid of this.#known.keys()) if (!found.has(uid)) this.#options.manager.removeStatic(uid)
    const before = this.#known
    this.#known = found
    for (const [uid, pod] of found) if (!before.has(uid)) this.#options.manager.put(pod, true)
    for (const pod of found.values()) await this.#mirror(pod)
    for (const [uid, pod] of before) if (!found.has(uid)) await this.#unmirror(pod)
  }

  #read(): Pod[] {
    const { directory, nodeName, log } = this.#options
    let names: string[]
    try {
      names = readdirSync(directory).filter(name => /^[^.].*\.(ya?ml|json)$/.test(name))
    } catch {
      return []
    }
    return names.flatMap(file => {
      try {
        const text = readFileSync(join(directory, file), 'utf8')
        if (text.length > maxManifestBytes) throw new Error('the manifest is too large')
        return parseYaml(text).map(document => staticPod(document, text, nodeName))
      } catch (error) {
        log.warn({ file, error: (error as Error).message }, 'manifest not read')
        return []
      }
    })
  }

  async #mirror(pod: Pod): Promise<void> {
    const { client, log, nodeName } = this.#options
    const pods = client.of(Pod)
    const { namespace, name } = pod.metadata
    const hash = pod.metadata.annotations?.[mirrorAnnotation]
    try {
      const existing = await pods.get(namespace, name).catch((error: unknown) => {
        if (isNotFound(error)) return undefined
        throw error
      })
      if (existing?.metadata.annotations?.[mirrorAnnotation] === hash && !existing?.metadata.deletionTimestamp) {
        const status = this.#options.manager.byUid(pod.metadata.uid)?.status
        if (status && JSON.stringify(status) !== JSON.stringify(existing?.status))
          await pods.patch(namespace, name, 'merge', { status }, 'status')
        return
      }
      if (existing) await pods.delete(namespace, name, { gracePeriodSeconds: 0 })
      const node = await client.of(Node).get('', nodeName)
      const { uid: _, ...metadata } = pod.metadata
      await pods.create(namespace, {
        ...pod,
        metadata: {
          ...metadata,
          ownerReferences: [
            { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid, controller: true },
          ],
        },
        status: {},
      })
    } catch (error) {
      if (!isAlreadyExists(error)) log.debug({ pod: name, error: (error as Error).message }, 'mirror pod not written')
    }
  }

  async #unmirror(pod: Pod): Promise<void> {
    try {
      await this.#options.client.of(Pod).delete(pod.metadata.namespace, pod.metadata.name, { gracePeriodSeconds: 0 })
    } catch (error) {
      if (!isNotFound(error)) this.#options.log.debug({ error: (error as Error).message }, 'mirror pod not deleted')
    }
  }
}

/** A manifest's pod as it runs here: named after the node, with a uid that follows from its content. */
function staticPod(document: unknown, text: string, nodeName: string): Pod {
  const given = document as Pod
  if (given?.kind !== 'Pod' || given.apiVersion !== 'v1') throw new Error('not a v1 Pod')
  if (!given.metadata?.name) throw new Error('metadata.name is missing')
  const digest = createHash('md5').update(`${nodeName}\n${text}`).digest('hex')
  const pod = structuredClone(given) as Pod & { metadata: Record<string, unknown> }
  pod.metadata = {
    ...pod.metadata,
    name: `${given.metadata.name}-${nodeName}`,
    namespace: given.metadata.namespace ?? 'default',
    uid: digest,
    annotations: {
      ...given.metadata.annotations,
      'kubernetes.io/config.hash': digest,
      [mirrorAnnotation]: digest,
      'kubernetes.io/config.source': 'file',
    },
  }
  const bound = { ...pod, spec: { ...pod.spec, nodeName }, status: {} } as Pod
  applyDefaults(Pod, bound)
  return bound
}
