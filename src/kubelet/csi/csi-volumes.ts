/**
 * Has CSI drivers mount volumes for pods: staged once for the node, published for each pod. What was published is written
 * down in the pod's directory, so that it is taken back also by a kubelet that has started anew.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Pod } from '../../api/core/v1/pod.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import { CSIDriver } from '../../api/storage/v1/csi-driver.ts'
import { VolumeAttachment } from '../../api/storage/v1/volume-attachment.ts'
import type { Clock } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { requestToken } from '../../client/request-token.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import { attachmentName, uniqueVolumeName } from '../../machinery/volume-attachments.ts'
import { namesIn } from '../names-in.ts'
import { giveToGroup } from '../volumes/fs-group.ts'
import type { Mounter } from '../volumes/mounter.ts'
import type { MountedVolume } from '../volumes/persistent-volumes.ts'
import type { CsiDriver } from './csi-driver.ts'
import { type CsiVolume, capabilityOf, checkLifecycle, podInfo, type SecretName, takesFsGroup } from './csi-request.ts'
import { nodeCapability } from './messages.ts'

export interface CsiVolumesOptions {
  readonly client: Client
  readonly clock: Clock
  readonly drivers: { driver(name: string): CsiDriver }
  readonly mounter: Mounter
  /** The kubelet's. */
  readonly directory: string
  /** The same as drivers see it. */
  readonly shownDirectory: string
  readonly nodeName: string
  /** Resolves when the node's status names all that is in use: what it does not name may be detached. */
  announceInUse(): Promise<void>
}

interface Published {
  readonly driverName: string
  readonly volumeHandle: string
  readonly specVolID: string
  readonly targetPath: string
  /** Absent where the driver stages nothing. */
  readonly stagingPath?: string
}

const folder = 'kubernetes.io~csi'
const recordName = 'vol_data.json'
const defaultTokenSeconds = 3600

export class CsiVolumes {
  readonly #options: CsiVolumesOptions
  /** One call at a time for a volume: by driver and handle, while there are calls. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: CsiVolumesOptions) {
    this.#options = options
  }

  async mount(pod: Pod, volume: CsiVolume): Promise<MountedVolume> {
    return await this.#inTurn(volume.driver, volume.handle, () => this.#mount(pod, volume))
  }

  /** Takes back all that was published for a pod. */
  async release(uid: string): Promise<void> {
    for (const { path, record } of this.#recordsOf(uid))
      await this.#inTurn(record.driverName, record.volumeHandle, () => this.#unpublish(path, record))
  }

  /** Volumes that the node has published, as its status names them. */
  inUse(): string[] {
    const names = this.#records().map(({ record }) => uniqueVolumeName(record.driverName, record.volumeHandle))
    return [...new Set(names)].sort()
  }

  async #inTurn<T>(driver: string, handle: string, act: () => Promise<T>): Promise<T> {
    const key = uniqueVolumeName(driver, handle)
    const before = this.#turns.get(key) ?? Promise.resolve()
    const turn = before.then(act, act)
    this.#turns.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }

  async #mount(pod: Pod, volume: CsiVolume): Promise<MountedVolume> {
    const { mounter } = this.#options
    const record = this.#recordFor(pod, volume)
    const path = this.#recordPath(pod, volume)
    const mounted = { hostPath: record.targetPath, isDevice: volume.isBlock, readOnly: volume.readOnly }
    if (existsSync(path) && mounter.isMounted(record.targetPath)) return mounted
    const driver = this.#options.drivers.driver(volume.driver)
    const object = await this.#driverObject(volume.driver)
    checkLifecycle(volume, object)
    const publishContext = await this.#publishContext(volume, object?.spec.attachRequired ?? true)
    const stages = !volume.isEphemeral && (await driver.can(nodeCapability.stageUnstage))
    const setsGroup = await driver.can(nodeCapability.volumeMountGroup)
    const group = pod.spec.securityContext?.fsGroup
    const volumeCapability = capabilityOf(
      volume,
      await driver.can(nodeCapability.singleNodeMultiWriter),
      setsGroup ? group : undefined,
    )
    const staging = stages ? { stagingTargetPath: this.#shown(record.stagingPath!) } : {}
    // Written first: what may have been published has to be taken back.
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    writeFileSync(path, JSON.stringify(stages ? record : { ...record, stagingPath: undefined }))
    await this.#options.announceInUse()
    if (stages) {
      mkdirSync(record.stagingPath!, { recursive: true, mode: 0o750 })
      await driver.stage({
        volumeId: volume.handle,
        publishContext,
        stagingTargetPath: this.#shown(record.stagingPath!),
        volumeCapability,
        secrets: await this.#secrets(volume.stageSecret),
        volumeContext: volume.attributes,
      })
    }
    mkdirSync(dirname(record.targetPath), { recursive: true, mode: 0o750 })
    const info = object?.spec.podInfoOnMount ? podInfo(pod, volume.isEphemeral) : {}
    const tokens = await this.#tokens(pod, object)
    const inSecrets = object?.spec.serviceAccountTokenInSecrets === true
    await driver.publish({
      volumeId: volume.handle,
      publishContext,
      ...staging,
      targetPath: this.#shown(record.targetPath),
      volumeCapability,
      readonly: volume.readOnly,
      secrets: { ...(await this.#secrets(volume.publishSecret)), ...(inSecrets ? tokens : {}) },
      volumeContext: { ...volume.attributes, ...info, ...(inSecrets ? {} : tokens) },
    })
    if (group !== undefined && !setsGroup && takesFsGroup(volume, object?.spec.fsGroupPolicy))
      await giveToGroup(record.targetPath, pod)
    return mounted
  }

  async #unpublish(path: string, record: Published): Promise<void> {
    const { driverName, volumeHandle, targetPath, stagingPath } = record
    if (!existsSync(path)) return
    const driver = this.#options.drivers.driver(driverName)
    await driver.unpublish(volumeHandle, this.#shown(targetPath))
    if (this.#options.mounter.isMounted(targetPath)) throw new Error(`${targetPath} is still mounted`)
    rmSync(targetPath, { force: true, recursive: true })
    const isLast = !this.#records().some(other => other.path !== path && other.record.stagingPath === stagingPath)
    if (stagingPath !== undefined && isLast) {
      await driver.unstage(volumeHandle, this.#shown(stagingPath))
      if (existsSync(stagingPath)) rmdirSync(stagingPath)
    }
    rmSync(path)
  }

  #shown(path: string): string {
    const { directory, shownDirectory } = this.#options
    return `${shownDirectory}${path.slice(directory.length)}`
  }

  #recordPath({ metadata }: Pod, { name, isBlock }: CsiVolume): string {
    const { directory } = this.#options
    return join(directory, 'pods', metadata.uid, isBlock ? 'volumeDevices' : 'volumes', folder, name, recordName)
  }

  #recordFor(pod: Pod, volume: CsiVolume): Published {
    const plugins = join(this.#options.directory, 'plugins', 'kubernetes.io', 'csi')
    const { driver, handle, name, isBlock } = volume
    const hash = createHash('sha256').update(handle).digest('hex')
    return {
      driverName: driver,
      volumeHandle: handle,
      specVolID: name,
      targetPath: isBlock
        ? join(plugins, 'volumeDevices', 'publish', name, pod.metadata.uid)
        : join(dirname(this.#recordPath(pod, volume)), 'mount'),
      stagingPath: isBlock
        ? join(plugins, 'volumeDevices', 'staging', name)
        : join(plugins, driver, hash, 'globalmount'),
    }
  }

  #recordsOf(uid: string): { path: string; record: Published }[] {
    return ['volumes', 'volumeDevices'].flatMap(kind => {
      const directory = join(this.#options.directory, 'pods', uid, kind, folder)
      return namesIn(directory).flatMap(name => {
        const path = join(directory, name, recordName)
        return existsSync(path) ? [{ path, record: JSON.parse(readFileSync(path, 'utf8')) as Published }] : []
      })
    })
  }

  #records(): { path: string; record: Published }[] {
    return namesIn(join(this.#options.directory, 'pods')).flatMap(uid => this.#recordsOf(uid))
  }

  async #driverObject(name: string): Promise<CSIDriver | undefined> {
    try {
      return await this.#options.client.of(CSIDriver).get('', name)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** What the driver's controller says of the volume once it is attached to this node. */
  async #publishContext(volume: CsiVolume, needsAttach: boolean): Promise<Readonly<Record<string, string>>> {
    if (volume.isEphemeral || !needsAttach) return {}
    const { client, nodeName } = this.#options
    const name = attachmentName(volume.handle, volume.driver, nodeName)
    const { status } = await client.of(VolumeAttachment).get('', name)
    if (!status.attached)
      throw new Error(
        status.attachError?.message ??
          `waiting for external-attacher of ${volume.driver} CSI driver to attach volume ${volume.handle}`,
      )
    return status.attachmentMetadata ?? {}
  }

  async #secrets(name: SecretName | undefined): Promise<Record<string, string>> {
    if (!name) return {}
    const { data = {} } = await this.#options.client.of(Secret).get(name.namespace, name.name)
    return Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]),
    )
  }

  async #tokens(pod: Pod, object: CSIDriver | undefined): Promise<Record<string, string>> {
    const wanted = object?.spec.tokenRequests ?? []
    if (wanted.length === 0) return {}
    const { client, clock } = this.#options
    const { namespace, name, uid } = pod.metadata
    const account = { namespace, name: pod.spec.serviceAccountName || 'default' }
    const tokens: Record<string, { token: string; expirationTimestamp: string }> = {}
    for (const { audience, expirationSeconds = defaultTokenSeconds } of wanted) {
      const { token, expiresMs } = await requestToken(client, clock, account, {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds: Number(expirationSeconds),
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      })
      tokens[audience] = { token, expirationTimestamp: new Date(expiresMs).toISOString() }
    }
    return { 'csi.storage.k8s.io/serviceAccount.tokens': JSON.stringify(tokens) }
  }
}
