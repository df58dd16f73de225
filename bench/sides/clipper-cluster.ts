/** A whole cluster of Clipper on this machine, by `clipper up`. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { clipperCommand } from './executables.ts'
import type { NamedProcess } from './server-process.ts'
import { clusterCidr, nodeName, type RunningSide, type StartOptions, serviceCidr } from './side.ts'

const run = promisify(execFile)

export async function startClipperCluster({ directory, portBase }: StartOptions): Promise<RunningSide> {
  const dataDirectory = join(directory, 'data')
  const data = ['--data-dir', dataDirectory]
  const clipper = (...args: readonly string[]) =>
    run(clipperCommand, [...args, ...data], { env: { ...process.env, KUBECONFIG: join(directory, 'kubeconfig') } })
  const stop = async () => {
    await clipper('reset')
  }
  const startedAt = performance.now()
  try {
    await clipper(
      ...['up', '--no-kubeconfig', '--name', `bench-${process.pid}`, '--node-name', nodeName],
      ...['--api-port', String(portBase), '--kubelet-port', String(portBase + 5), '--dns-port', String(portBase + 9)],
      ...['--cluster-cidr', clusterCidr, '--service-cidr', serviceCidr],
    )
    const readyMs = performance.now() - startedAt
    const { stdout } = await clipper('status', '-o', 'json')
    const { pid } = JSON.parse(stdout) as { pid: number }
    return {
      kubeconfig: join(dataDirectory, 'admin.kubeconfig'),
      readyMs,
      processes: [{ name: 'clipper', pid }, ...helpersOf(pid), containerdOf(dataDirectory)],
      hasDns: true,
      loadImage: async archive => void (await clipper('image', 'load', archive)),
      stop,
    }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

/** What runs the same program for it: its child that spawns. Containers are no children of it. */
function helpersOf(pid: number): NamedProcess[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children
    .filter(child => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('spawner-process'))
    .map(child => ({ name: 'clipper-spawner', pid: child }))
}

function containerdOf(dataDirectory: string): NamedProcess {
  const instance = JSON.parse(readFileSync(join(dataDirectory, 'containerd/instance.json'), 'utf8')) as { pid: number }
  return { name: 'containerd', pid: instance.pid }
}
