/** `clipper down` and `clipper reset`: stop the cluster and leave nothing of it behind but, for `down`, its data. */
import { rmSync } from 'node:fs'
import { sleep } from '../base/clock.ts'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf } from './cluster-config.ts'
import { removeFromUserKubeconfig } from './kubeconfig-merge.ts'
import { requireRoot } from './preflight.ts'
import type { Progress } from './progress.ts'
import { isAlive, readPidFile, removePidFile, tryLock } from './running-process.ts'

export interface DownOptions {
  readonly config: ClusterConfig
  readonly progress: Progress
  /** Ends all containers, the container runtime, mounts, interfaces, rules and cgroups of the cluster. */
  readonly teardown: (config: ClusterConfig) => Promise<void>
}

/** How long the process may take to finish what it accepted before it is killed. */
const stopTimeoutMs = 20_000

export async function down({ config, progress, teardown }: DownOptions): Promise<void> {
  requireRoot('down')
  const release = await tryLock(`${config.name}/up`)
  if (!release)
    throw new CliError(`"clipper up" for the cluster ${config.name} is under way`, 'wait for it, or end it first')
  try {
    const paths = pathsOf(config)
    const running = readPidFile(paths.pidFile)
    if (running && running.dataDirectory !== config.dataDirectory)
      throw new CliError(
        `the cluster named ${config.name} runs with the data directory ${running.dataDirectory}`,
        `give --data-dir ${running.dataDirectory}`,
      )
    if (running) {
      await progress.step('Stopping the cluster', async () => {
        process.kill(running.pid, 'SIGTERM')
        const deadline = performance.now() + stopTimeoutMs
        while (isAlive(running)) {
          if (performance.now() > deadline) process.kill(running.pid, 'SIGKILL')
          await sleep(50)
        }
      })
    }
    await progress.step('Removing containers and networks', () => teardown(config))
    removePidFile(paths.pidFile)
    rmSync(paths.runDirectory, { recursive: true, force: true })
  } finally {
    release()
  }
}

export async function reset(options: DownOptions): Promise<void> {
  await down(options)
  await options.progress.step('Deleting the data', async () => {
    rmSync(options.config.dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    await removeFromUserKubeconfig(options.config.name)
  })
}
