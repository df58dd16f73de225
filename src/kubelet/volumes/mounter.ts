/** Mounts of the kubelet's own, by the system's `mount` and `umount`. */
import { readFileSync } from 'node:fs'
import type { Spawner } from '../../base/spawner.ts'

/** In /proc/self/mountinfo, spaces and the like are octal. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Mount points at or below a directory, the deepest first. */
export function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => unescaped(line.split(' ')[4] ?? ''))
    .filter(point => point === directory || point.startsWith(`${directory}/`))
    .reverse()
}

export class Mounter {
  readonly #spawner: Spawner

  constructor(spawner: Spawner) {
    this.#spawner = spawner
  }

  isMounted(path: string): boolean {
    return mountsBelow(path).includes(path)
  }

  async tmpfs(path: string, sizeBytes: number): Promise<void> {
    const options = sizeBytes > 0 ? ['-o', `size=${sizeBytes}`] : []
    await this.#run('mount', ['-t', 'tmpfs', ...options, 'tmpfs', path])
  }

  async bind(source: string, target: string, readOnly = false): Promise<void> {
    await this.#run('mount', ['--no-canonicalize', '--bind', source, target])
    if (readOnly) await this.#run('mount', ['-o', 'remount,bind,ro', target])
  }

  async mount(type: string, source: string, target: string, options: readonly string[]): Promise<void> {
    await this.#run('mount', ['-t', type, ...(options.length === 0 ? [] : ['-o', options.join(',')]), source, target])
  }

  /** Makes a file system on a device that holds nothing. */
  async formatAndMount(device: string, target: string, type: string, options: readonly string[]): Promise<void> {
    const found = await this.#spawner.run('blkid', ['-p', '-o', 'value', '-s', 'TYPE', device])
    // 2: there is nothing that it knows.
    if (found.code === 2) await this.#run(`mkfs.${type}`, /^ext[234]$/.test(type) ? ['-F', '-m0', device] : [device])
    else if (found.code !== 0) throw new Error(`blkid ${device}: ${found.stderr.trim() || `exit code ${found.code}`}`)
    await this.mount(type, device, target, options)
  }

  /** Everything at or below a directory; what is busy is taken out of sight. */
  async unmountBelow(directory: string): Promise<void> {
    for (const point of mountsBelow(directory)) {
      const result = await this.#spawner.run('umount', [point])
      if (result.code !== 0 && mountsBelow(directory).includes(point)) await this.#run('umount', ['-l', point])
    }
  }

  async #run(command: string, args: string[]): Promise<void> {
    const result = await this.#spawner.run(command, args)
    if (result.code !== 0)
      throw new Error(`${command} ${args.join(' ')}: ${result.stderr.trim() || `exit code ${result.code}`}`)
  }
}
