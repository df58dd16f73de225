/**
 * Namespaces of processes and mounts for the cluster under test, as a machine of its own has them: tests that change mounts
 * of a node enter those of process 1. All that runs in it ends with it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

export interface ProcessNamespace {
  /** A command that runs another inside. */
  enter(command: string, args: readonly string[]): readonly [command: string, args: readonly string[]]
  end(): Promise<void>
}

/** Process 1 takes leave of those that nobody else waits for. Mounts are handed on to the namespaces of nodes and containers. */
const init = 'mount --make-rshared / && echo ready && while :; do sleep 86400 & wait; done'

export async function newProcessNamespace(): Promise<ProcessNamespace> {
  const options = ['--pid', '--fork', '--mount', '--mount-proc', '--kill-child', 'sh', '-c', init]
  const child = spawn('unshare', options, { stdio: ['ignore', 'pipe', 'inherit'] })
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('unshare gave no namespace of processes'))),
  ])
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
  return {
    enter: (command, args) => ['nsenter', ['--target', inside, '--pid', '--mount', '--', command, ...args]],
    end: () => ended(child),
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
