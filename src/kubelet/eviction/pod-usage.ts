/** What a pod uses of the node, as eviction looks at it. */

export interface ContainerUsage {
  readonly name: string
  readonly memoryBytes: number
  readonly rootfsBytes: number
  readonly logBytes: number
  readonly inodes: number
}

export interface VolumeUsage {
  readonly name: string
  readonly usedBytes: number
  readonly inodes: number
  /** Takes memory instead of disk. */
  readonly inMemory: boolean
}

export interface PodUsage {
  readonly memoryBytes: number
  readonly containers: readonly ContainerUsage[]
  /** Volumes of the type emptyDir. */
  readonly volumes: readonly VolumeUsage[]
}

const sum = <T>(list: readonly T[], of: (item: T) => number): number =>
  list.reduce((total, item) => total + of(item), 0)

export const diskBytesOf = ({ containers, volumes }: PodUsage): number =>
  sum(containers, ({ rootfsBytes, logBytes }) => rootfsBytes + logBytes) +
  sum(
    volumes.filter(({ inMemory }) => !inMemory),
    ({ usedBytes }) => usedBytes,
  )

export const inodesOf = ({ containers, volumes }: PodUsage): number =>
  sum(containers, ({ inodes }) => inodes) +
  sum(
    volumes.filter(({ inMemory }) => !inMemory),
    ({ inodes }) => inodes,
  )
