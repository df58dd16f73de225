/** Volumes that outlive pods, hostPath and local ones and NFS, and all that CSI drivers mount. */
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Volume } from '../../api/core/v1/volume.ts'
import type { NFSVolumeSource } from '../../api/core/v1/volume-sources-persistent.ts'
import type { Client } from '../../client/client.ts'
import { claimNameOf } from '../../machinery/pod-claims.ts'
import { csiVolumeOfClaim, csiVolumeOfPod } from '../csi/csi-request.ts'
import type { CsiVolumes } from '../csi/csi-volumes.ts'
import { type ClaimedVolume, claimedVolume } from './claims.ts'
import { giveToGroup } from './fs-group.ts'
import { prepareHostPath } from './host-path.ts'
import type { LocalPathVolumes } from './local-path-volumes.ts'
import { type Mounter, mountsBelow } from './mounter.ts'

export interface MountedVolume {
  /** Where its files are, or the device. */
  readonly hostPath: string
  /** To be handed over as a device, not mounted. */
  readonly isDevice?: boolean
  readonly readOnly?: boolean
  /** Set where there is a file system to measure: upstream leaves out hostPath. */
  readonly claim?: ClaimName
}

export interface ClaimName {
  readonly namespace: string
  readonly name: string
}

/** A file system that is mounted for a claim. */
export interface MountedClaim extends ClaimName {
  /** Of the volume in the pod. */
  readonly volume: string
  readonly podUid: string
  readonly path: string
}

export interface PersistentVolumesOptions {
  readonly client: Client
  readonly mounter: Mounter
  /** The kubelet's: `pods/` and `plugins/` lie in it. */
  readonly directory: string
  readonly csi: CsiVolumes
  /** Absent: this node gives out no directories. */
  readonly localPath?: LocalPathVolumes
  /** Resolves when the node's status names all that is in use: what it does not name may be forgotten. */
  announceInUse(): Promise<void>
  event(pod: Pod, reason: string, message: string): void
}

const localFolder = 'kubernetes.io~local-volume'
const nfsFolder = 'kubernetes.io~nfs'

export class PersistentVolumes {
  readonly #options: PersistentVolumesOptions
  /** By pod and name, as many as the node's pods have: what is mounted is not asked for again. */
  readonly #mounted = new Map<string, Map<string, MountedVolume>>()

  constructor(options: PersistentVolumesOptions) {
    this.#options = options
  }

  /** Whether a volume of a pod is one of these. */
  handles(volume: Volume): boolean {
    return Boolean(volume.persistentVolumeClaim ?? volume.ephemeral ?? volume.nfs ?? volume.csi)
  }

  async ensure(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const { uid } = pod.metadata
    const known = this.#mounted.get(uid) ?? new Map<string, MountedVolume>()
    const before = known.get(volume.name)
    if (before) return before
    const made = await this.#make(pod, volume)
    known.set(volume.name, made)
    this.#mounted.set(uid, known)
    return made
  }

  mountedClaims(): MountedClaim[] {
    return [...this.#mounted].flatMap(([podUid, volumes]) =>
      [...volumes].flatMap(([volume, { claim, hostPath }]) =>
        claim ? [{ ...claim, volume, podUid, path: hostPath }] : [],
      ),
    )
  }

  /** Before what is below the pod's directory is unmounted: drivers take back what they have mounted. */
  async release(uid: string): Promise<void> {
    this.#mounted.delete(uid)
    await this.#options.csi.release(uid)
  }

  async #make(pod: Pod, volume: Volume): Promise<MountedVolume> {
    if (volume.nfs) return await this.#nfs(pod, volume.name, volume.nfs, [], volume.nfs.readOnly === true)
    const own = csiVolumeOfPod(pod, volume)
    if (own) return await this.#options.csi.mount(pod, own)
    const claimed = await claimedVolume(this.#options.client, pod, volume, claimNameOf(pod, volume) ?? '')
    const { spec, metadata } = claimed.volume
    const claim = { namespace: pod.metadata.namespace, name: claimed.claim.metadata.name }
    const drivers = csiVolumeOfClaim(claimed.volume, claimed.readOnly)
    if (drivers) {
      const mounted = await this.#options.csi.mount(pod, drivers)
      return mounted.isDevice ? mounted : { ...mounted, claim }
    }
    const isDevice = spec.volumeMode === 'Block'
    if (spec.hostPath && !isDevice) return { hostPath: prepareHostPath(spec.hostPath), readOnly: claimed.readOnly }
    if (spec.local && isDevice) return blockDevice(spec.local.path, claimed.readOnly)
    if (spec.local) return { ...(await this.#local(pod, claimed, spec.local.path)), claim }
    if (spec.nfs && !isDevice) {
      const readOnly = claimed.readOnly || spec.nfs.readOnly === true
      return { ...(await this.#nfs(pod, metadata.name, spec.nfs, spec.mountOptions ?? [], readOnly)), claim }
    }
    const type = Object.keys(spec).find(key => sourceKeys.has(key))
    throw new Error(`persistent volumes of type ${type ?? 'unknown'} are not supported by this node`)
  }

  async #local(pod: Pod, { volume, readOnly }: ClaimedVolume, path: string): Promise<MountedVolume> {
    const { mounter, directory, localPath, announceInUse, event } = this.#options
    const { name } = volume.metadata
    const target = join(directory, 'pods', pod.metadata.uid, 'volumes', localFolder, name)
    if (mounter.isMounted(target)) return { hostPath: target, readOnly }
    if (localPath?.prepare(volume)) await announceInUse()
    const source = statSync(path).isBlockDevice()
      ? await this.#deviceMount(name, path, volume.spec.local?.fsType ?? 'ext4', volume.spec.mountOptions ?? [])
      : path
    const isShared = isLocalMounted(directory, name)
    mkdirSync(target, { recursive: true, mode: 0o750 })
    await mounter.bind(source, target, readOnly)
    const group = pod.spec.securityContext?.fsGroup
    const owner = lstatSync(target).gid
    if (isShared && group !== undefined && owner !== group)
      event(
        pod,
        'AlreadyMountedVolume',
        `The requested fsGroup is ${group}, but the volume ${name} has GID ${owner}. The volume may not be shareable.`,
      )
    // The first pod that has it decides.
    if (!readOnly && !isShared) await giveToGroup(target, pod)
    return { hostPath: target, readOnly }
  }

  /** Mounted once for all pods; given a file system if it has none. */
  async #deviceMount(name: string, device: string, fsType: string, options: readonly string[]): Promise<string> {
    const { mounter, directory } = this.#options
    const target = join(devicesDirectory(directory), name)
    if (mounter.isMounted(target)) return target
    mkdirSync(target, { recursive: true, mode: 0o750 })
    await mounter.formatAndMount(realpathSync(device), target, fsType, options)
    return target
  }

  async #nfs(
    pod: Pod,
    name: string,
    { server, path }: NFSVolumeSource,
    options: readonly string[],
    readOnly: boolean,
  ): Promise<MountedVolume> {
    const { mounter, directory } = this.#options
    const target = join(directory, 'pods', pod.metadata.uid, 'volumes', nfsFolder, name)
    if (!mounter.isMounted(target)) {
      mkdirSync(target, { recursive: true, mode: 0o750 })
      await mounter.mount('nfs', `${server}:${path}`, target, [...options, ...(readOnly ? ['ro'] : [])])
    }
    return { hostPath: target, readOnly }
  }
}

/** Sources of volumes that somebody else mounts, to name them in the refusal. */
const sourceKeys = new Set([
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'fc',
  'flexVolume',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'nfs',
  'portworxVolume',
  'rbd',
  'vsphereVolume',
])

function blockDevice(path: string, readOnly: boolean): MountedVolume {
  const real = realpathSync(path)
  if (!statSync(real).isBlockDevice()) throw new Error(`${path} is not a block device`)
  return { hostPath: real, isDevice: true, readOnly }
}

/** Whether a pod has a local volume mounted. */
export const isLocalMounted = (directory: string, name: string): boolean =>
  mountsBelow(join(directory, 'pods')).some(point => point.endsWith(`/${localFolder}/${name}`))

const devicesDirectory = (directory: string): string =>
  join(directory, 'plugins', 'kubernetes.io', 'local-volume', 'mounts')

/** Unmounts devices that no pod has mounted any more. */
export async function unmountUnusedDevices(mounter: Mounter, directory: string): Promise<void> {
  const devices = devicesDirectory(directory)
  if (!existsSync(devices)) return
  for (const name of readdirSync(devices)) {
    if (isLocalMounted(directory, name)) continue
    const path = join(devices, name)
    await mounter.unmountBelow(path)
    rmdirSync(path)
  }
}
