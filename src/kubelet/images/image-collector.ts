/** Removes images that no container uses when the disk fills up (Kubernetes documentation, "Garbage Collection"). */
import { statfsSync } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Image, RuntimeClient } from '../cri/runtime-client.ts'

export interface ImageCollectorOptions {
  readonly runtime: RuntimeClient
  readonly clock: Clock
  readonly log: Logger
  /** On the file system that holds images. */
  readonly directory: string
  /** Never removed. */
  readonly keep: readonly string[]
  readonly highPercent?: number
  readonly lowPercent?: number
  readonly minAgeMs?: number
  event(reason: string, message: string): void
}

interface Seen {
  firstMs: number
  usedMs: number
}

export class ImageCollector {
  readonly #options: ImageCollectorOptions
  #seen = new Map<string, Seen>()

  constructor(options: ImageCollectorOptions) {
    this.#options = options
  }

  /** One round. Gives the ids of removed images. */
  async collect(usage = diskUsage(this.#options.directory)): Promise<string[]> {
    const { clock, highPercent = 85, lowPercent = 80, minAgeMs = 120_000 } = this.#options
    const { images, used } = await this.#look()
    const nowMs = clock.now()
    const next = new Map<string, Seen>()
    for (const image of images) {
      const seen = this.#seen.get(image.id ?? '') ?? { firstMs: nowMs, usedMs: 0 }
      if (this.#inUse(image, used)) seen.usedMs = nowMs
      next.set(image.id ?? '', seen)
    }
    this.#seen = next
    const percent = (usage.usedBytes / usage.totalBytes) * 100
    if (percent < highPercent) return []
    let toFree = usage.usedBytes - (usage.totalBytes * lowPercent) / 100
    const removable = images
      .filter(image => this.#isRemovable(image, used))
      .filter(image => nowMs - next.get(image.id ?? '')!.firstMs >= minAgeMs)
      .sort((a, b) => order(next.get(a.id ?? '')!) - order(next.get(b.id ?? '')!))
    const removed: string[] = []
    for (const image of removable) {
      if (toFree <= 0) break
      if (!(await this.#remove(image))) continue
      removed.push(image.id ?? '')
      toFree -= Number(image.size ?? 0)
    }
    if (toFree > 0)
      this.#options.event(
        'FreeDiskSpaceFailed',
        `Failed to garbage collect required amount of images. Attempted to free ${Math.ceil(toFree)} bytes more, but only found ${removed.length} images eligible to free.`,
      )
    return removed
  }

  /** All that no container uses, however young. */
  async removeUnused(): Promise<void> {
    const { images, used } = await this.#look()
    for (const image of images) if (this.#isRemovable(image, used)) await this.#remove(image)
  }

  /** `used`: the names and ids under which containers have their images. */
  async #look(): Promise<{ readonly images: readonly Image[]; readonly used: ReadonlySet<string> }> {
    const { runtime } = this.#options
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()])
    const used = new Set(containers.flatMap(({ imageRef, image }) => [imageRef ?? '', image?.image ?? '']))
    return { images, used }
  }

  /** Gives whether it is gone. */
  async #remove({ id = '' }: Image): Promise<boolean> {
    try {
      await this.#options.runtime.removeImage(id)
      return true
    } catch (error) {
      this.#options.log.warn({ image: id, error: (error as Error).message }, 'image not removed')
      return false
    }
  }

  #isRemovable(image: Image, used: ReadonlySet<string>): boolean {
    return !this.#inUse(image, used) && image.pinned !== true && !this.#isKept(image)
  }

  #inUse(image: Image, used: ReadonlySet<string>): boolean {
    return [image.id ?? '', ...(image.repoTags ?? []), ...(image.repoDigests ?? [])].some(name => used.has(name))
  }

  #isKept(image: Image): boolean {
    return (image.repoTags ?? []).some(tag => this.#options.keep.includes(tag))
  }
}

const order = ({ usedMs, firstMs }: Seen): number => (usedMs > 0 ? usedMs : firstMs)

function diskUsage(directory: string): { usedBytes: number; totalBytes: number } {
  const { blocks, bavail, bsize } = statfsSync(directory)
  return { usedBytes: (blocks - bavail) * bsize, totalBytes: blocks * bsize }
}
