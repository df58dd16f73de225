/** `clipper up`: starts the cluster's process in the background and waits until pods can run and names resolve. */
import { mkdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { sleep } from '../base/clock.ts'
import { startInBackground } from './background-process.ts'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf, readConfig, writeConfig } from './cluster-config.ts'
import { type ClusterState, readClusterState } from './cluster-state.ts'
import { mergeIntoUserKubeconfig } from './kubeconfig-merge.ts'
import { startLocalAgents } from './local-agents.ts'
import { localNodesOf } from './local-nodes.ts'
import { preflight, requireRoot } from './preflight.ts'
import type { Progress } from './progress.ts'
import { readPidFile, tryLock } from './running-process.ts'

export interface UpOptions {
  readonly config: ClusterConfig
  readonly timeoutMs: number
  /** Whether to put a context of the cluster's name into the user's kubeconfig. */
  readonly mergeKubeconfig: boolean
  readonly progress: Progress
  /** The arguments after the Node executable that are the `clipper` command. */
  readonly command: readonly string[]
}

export async function up(options: UpOptions): Promise<ClusterState> {
  const { config } = options
  requireRoot('up')
  const release = await tryLock(`${config.name}/up`)
  if (!release)
    throw new CliError(
      `another "clipper up" for the cluster ${config.name} is under way`,
      'wait for it, then run: clipper status',
    )
  try {
    return await upLocked(options)
  } finally {
    release()
  }
}

async function upLocked({ config, timeoutMs, mergeKubeconfig, progress, command }: UpOptions): Promise<ClusterState> {
  const paths = pathsOf(config)
  const running = readPidFile(paths.pidFile)
  if (running && running.dataDirectory !== config.dataDirectory)
    throw new CliError(
      `a cluster named ${config.name} already runs with the data directory ${running.dataDirectory}`,
      'choose another --name',
    )
  const kept = readConfig(config.dataDirectory)
  const changed = !isDeepStrictEqual(kept, config)
  // Nodes may come at any time: they are processes of their own.
  if (running && kept && !isDeepStrictEqual(withoutNodes(kept), withoutNodes(config)))
    throw new CliError(
      'the cluster is running with other settings',
      `run first: clipper down --data-dir ${config.dataDirectory}`,
    )
  if (!running) {
    await progress.step('Checking this machine', () => preflight(config))
  }
  if (changed) writeConfig(config)
  const state = await progress.step(running ? 'Cluster is already running' : 'Starting the cluster', note =>
    running
      ? waitUntilReady(config, running.pid, timeoutMs, note)
      : startProcess(config, [...command, 'run'], timeoutMs, note),
  )
  const further = localNodesOf(config).length
  if (further > 0)
    await progress.step(further === 1 ? 'Starting another node' : `Starting ${further} more nodes`, note =>
      startLocalAgents({ config, command, timeoutMs, note }),
    )
  if (mergeKubeconfig) await mergeIntoUserKubeconfig(paths.adminKubeconfig)
  return state
}

const withoutNodes = ({ nodes: _nodes, nodeNetworkCidr: _range, ...rest }: ClusterConfig) => rest

async function startProcess(
  config: ClusterConfig,
  processArguments: readonly string[],
  timeoutMs: number,
  note: (text: string) => void,
): Promise<ClusterState> {
  const paths = pathsOf(config)
  mkdirSync(paths.runDirectory, { recursive: true, mode: 0o700 })
  const { pid, ended } = startInBackground(
    [process.execPath, ...process.execArgv, ...processArguments, '--data-dir', config.dataDirectory],
    paths.log,
    "the cluster's process",
  )
  const hasEnded = new AbortController()
  ended.catch(() => hasEnded.abort())
  return Promise.race([ended, waitUntilReady(config, pid, timeoutMs, note, hasEnded.signal)])
}

/** How often the state is asked for; short, because starting takes a few seconds in all. */
const pollMs = 50

async function waitUntilReady(
  config: ClusterConfig,
  pid: number,
  timeoutMs: number,
  note: (text: string) => void,
  signal?: AbortSignal,
): Promise<ClusterState> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const state = await readClusterState(config, [config.nodeName])
    if (state.ready) return state
    note(state.waitingFor)
    if (performance.now() > deadline)
      throw new CliError(
        `the cluster was not ready after ${timeoutMs / 1000} s: still waiting for ${state.waitingFor}`,
        `look into ${pathsOf(config).log}`,
      )
    // One that was started just now has written no file yet; its end is the signal's matter.
    if (!signal && readPidFile(pathsOf(config).pidFile)?.pid !== pid)
      throw new CliError("the cluster's process ended", `look into ${pathsOf(config).log}`)
    await sleep(pollMs, signal)
  }
}
