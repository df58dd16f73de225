/** Facts about the machine, as the node's status shows them. */
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { arch, availableParallelism, cpus, networkInterfaces, release } from 'node:os'

export interface MachineFacts {
  readonly cpuCount: number
  readonly memoryBytes: number
  readonly diskBytes: number
  readonly swapBytes: number
  readonly hugepages: Readonly<Record<string, string>>
  readonly machineId: string
  readonly systemUuid: string
  readonly bootId: string
  readonly kernelVersion: string
  readonly osImage: string
  readonly architecture: string
  readonly maxPids: number
}

const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** A value of /proc/meminfo in bytes; 0 if it is not there. */
export const memInfo = (name: string, content = text('/proc/meminfo')): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(content)?.[1] ?? 0) * 1024

export const architectureName = (name = arch()): string => (name === 'x64' ? 'amd64' : name)

function hugepages(): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [kib, name] of [
    [2048, 'hugepages-2Mi'],
    [1_048_576, 'hugepages-1Gi'],
  ] as const) {
    const folder = `/sys/kernel/mm/hugepages/hugepages-${kib}kB`
    if (!existsSync(folder)) continue
    const count = Number(text(`${folder}/nr_hugepages`) || 0)
    result[name] = count === 0 ? '0' : `${count * kib}Ki`
  }
  return result
}

export function readMachine(directory: string): MachineFacts {
  const disk = statfsSync(directory)
  const osRelease = text('/etc/os-release')
  const machineId = text('/etc/machine-id') || text('/var/lib/dbus/machine-id')
  return {
    cpuCount: Math.max(1, cpus().length || availableParallelism()),
    memoryBytes: memInfo('MemTotal'),
    diskBytes: disk.blocks * disk.bsize,
    swapBytes: memInfo('SwapTotal'),
    hugepages: hugepages(),
    machineId,
    systemUuid: text('/sys/class/dmi/id/product_uuid') || machineId,
    bootId: text('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    architecture: architectureName(),
    maxPids: Number(text('/proc/sys/kernel/pid_max') || 32768),
  }
}

/** The address that the machine reaches others with: of the interface with the default route, else the first. */
export function hostAddress(): string {
  const interfaces = networkInterfaces()
  const v4 = (name: string) => interfaces[name]?.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  for (const line of text('/proc/net/route').split('\n').slice(1)) {
    const [name = '', destination] = line.split('\t')
    const address = destination === '00000000' ? v4(name) : undefined
    if (address !== undefined) return address
  }
  for (const name of Object.keys(interfaces)) {
    const address = v4(name)
    if (address !== undefined) return address
  }
  return '127.0.0.1'
}
