/** The processes of further nodes on this machine: started after the cluster's own, ended before it. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { sleep } from '../base/clock.ts'
import { startInBackground } from './background-process.ts'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf, readConfig, writeConfig } from './cluster-config.ts'
import { readClusterState } from './cluster-state.ts'
import { agentConfigOf, ensureLocalNetwork, insideOf, type LocalNode, localNodesOf } from './local-nodes.ts'
import { endProcess, readPidFile } from './running-process.ts'
import { createToken, deleteToken } from './token-command.ts'

/** A machine that starts needs no longer; the token is deleted when all have joined. */
const tokenTtlMs = 600_000
const pollMs = 50

export interface LocalAgentsOptions {
  readonly config: ClusterConfig
  /** The arguments after the Node executable that are the `clipper` command. */
  readonly command: readonly string[]
  readonly timeoutMs: number
  readonly note: (text: string) => void
}

const isRunning = (config: ClusterConfig, node: LocalNode): boolean => {
  const running = readPidFile(pathsOf({ name: node.instance, dataDirectory: node.dataDirectory }).pidFile)
  return running?.dataDirectory.startsWith(config.dataDirectory) === true
}

/** Starts the nodes that do not run and waits until all are ready. */
export async function startLocalAgents({ config, command, timeoutMs, note }: LocalAgentsOptions): Promise<void> {
  const nodes = localNodesOf(config)
  await ensureLocalNetwork(config)
  const missing = nodes.filter(node => !isRunning(config, node))
  const needToken = missing.some(({ dataDirectory }) => !existsSync(join(dataDirectory, 'pki', 'kubelet-client.pem')))
  const token = needToken
    ? await createToken(config, {
        ttlMs: tokenTtlMs,
        description: 'further nodes on the machine of the server',
        forServer: false,
      })
    : undefined
  const tokenFile = join(config.dataDirectory, 'nodes', 'token')
  try {
    if (token !== undefined) {
      mkdirSync(join(config.dataDirectory, 'nodes'), { recursive: true, mode: 0o700 })
      writeFileSync(tokenFile, token, { mode: 0o600 })
    }
    const ended = missing.map(node => startAgent(config, node, command, token === undefined ? undefined : tokenFile))
    await Promise.race([...ended, untilReady(config, nodes, timeoutMs, note)])
  } finally {
    rmSync(tokenFile, { force: true })
    if (token !== undefined) await deleteToken(config, token)
  }
}

/** Rejects when the process ends. */
function startAgent(
  config: ClusterConfig,
  node: LocalNode,
  command: readonly string[],
  tokenFile: string | undefined,
): Promise<never> {
  const agent = agentConfigOf(config, node)
  if (JSON.stringify(readConfig(node.dataDirectory)) !== JSON.stringify(agent)) writeConfig(agent)
  const inside = insideOf(node, [
    process.execPath,
    ...process.execArgv,
    ...command,
    ...['agent', '--data-dir', node.dataDirectory],
    ...(tokenFile === undefined ? [] : ['--token-file', tokenFile]),
  ])
  return startInBackground(inside, pathsOf(agent).log, `the process of the node ${node.name}`).ended
}

async function untilReady(
  config: ClusterConfig,
  nodes: readonly LocalNode[],
  timeoutMs: number,
  note: (text: string) => void,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const state = await readClusterState(config)
    // A node counts as ready for a while after its process has ended; its server comes last and ends with the process.
    const serving = await Promise.all(nodes.map(({ address }) => accepts(address, config.kubeletPort)))
    if (state.ready && serving.every(Boolean)) return
    const ready = nodes.filter(
      ({ name }, i) => serving[i] && state.nodes.some(node => node.name === name && node.ready),
    )
    note(`${ready.length} of ${nodes.length} ready`)
    if (performance.now() > deadline)
      throw new CliError(
        `the nodes were not ready after ${timeoutMs / 1000} s: still waiting for ${state.waitingFor}`,
        `look into ${join(config.dataDirectory, 'nodes')}`,
      )
    await sleep(pollMs)
  }
}

const connectTimeoutMs = 1000

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: connectTimeoutMs })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

/** Ends processes and containers of the nodes. What an earlier end left, since it was interrupted, goes too. */
export async function stopLocalAgents(config: ClusterConfig, command: readonly string[]): Promise<void> {
  const nodes = localNodesOf(config).filter(({ dataDirectory }) => readConfig(dataDirectory) !== undefined)
  if (nodes.length === 0) return
  // The namespaces may be gone after a restart of the machine; what is left of the nodes is taken down inside of them.
  await ensureLocalNetwork(config)
  await Promise.all(
    nodes.map(async node => {
      await endProcess(pathsOf({ name: node.instance, dataDirectory: node.dataDirectory }).pidFile)
      await runInside(node, command, ['teardown'])
      rmSync(pathsOf({ name: node.instance, dataDirectory: node.dataDirectory }).runDirectory, {
        recursive: true,
        force: true,
      })
    }),
  )
}

export async function loadLocalImages(
  config: ClusterConfig,
  command: readonly string[],
  archive: string,
): Promise<void> {
  for (const node of localNodesOf(config)) await runInside(node, command, ['image', 'load', archive])
}

const insideTimeoutMs = 600_000

function runInside(node: LocalNode, command: readonly string[], args: readonly string[]): Promise<void> {
  const [program = '', ...all] = insideOf(node, [
    process.execPath,
    ...process.execArgv,
    ...command,
    ...args,
    ...['--data-dir', node.dataDirectory],
  ])
  return new Promise((resolve, reject) => {
    execFile(program, all, { timeout: insideTimeoutMs, maxBuffer: 1 << 24 }, (error, _, stderr) =>
      error
        ? reject(new CliError(`${node.name}: ${stderr.trim().replace(/^clipper: /, '') || error.message}`))
        : resolve(),
    )
  })
}
