/** A node of a cluster whose servers run elsewhere, in the foreground until it is told to stop. */
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { loggerOf } from '../base/log.ts'
import { HelperSpawner } from '../base/spawner.ts'
import { readIfExists, writeFileWhole } from '../base/whole-file.ts'
import { checkForeignNetworks, checkRanges } from '../cli/address-ranges.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf, writeConfig } from '../cli/cluster-config.ts'
import type { JoinToken } from '../cli/join-token.ts'
import { preflight } from '../cli/preflight.ts'
import { readPidFile, tryLock, writePidFile } from '../cli/running-process.ts'
import type { LoadBalancer } from '../load-balancer/load-balancer.ts'
import type { ClusterSettings } from '../machinery/cluster-settings.ts'
import { publicKeyHash } from '../machinery/node-annotations.ts'
import { joinCluster } from './agent-access.ts'
import { startOverWithCompiledModules } from './compiled-modules.ts'
import { discoverCluster } from './discover-cluster.ts'
import { kernelNames, startNode } from './node.ts'
import { followServers, startBalancer } from './server-list.ts'
import { stopSignal } from './stop-signal.ts'

export async function runAgent(config: ClusterConfig, token: JoinToken | undefined): Promise<void> {
  await startOverWithCompiledModules()
  const log = loggerOf('clipper')
  const paths = pathsOf(config)
  const running = readPidFile(paths.pidFile)
  const release = running ? undefined : await tryLock(config.name)
  if (!release) throw new CliError(`a cluster or agent named ${config.name} already runs`, 'choose another --name')
  // Before memory grows: spawning stops a process in proportion to it.
  const spawner = new HelperSpawner()
  await preflight(config)
  writePidFile(paths.pidFile, config.dataDirectory)
  const stopping = new AbortController()
  const stopped = stopSignal()
  void stopped.then(() => stopping.abort())
  let balancer: LoadBalancer | undefined
  try {
    const server = config.server ?? ''
    const caPem = await authorityOf(config, server, token)
    const list = { dataDirectory: config.dataDirectory, server, caPem }
    balancer = await startBalancer(list)
    const access = await joinCluster(
      {
        server: balancer.url,
        caPem,
        nodeName: config.nodeName,
        nodeAddress: config.nodeAddress,
        directory: paths.pki,
        check(settings) {
          const joined = withSettings(config, settings)
          checkRanges(joined)
          const { bridge, tunnel } = kernelNames(joined)
          checkForeignNetworks(joined, new Set([bridge, tunnel]))
        },
        ...(token === undefined ? {} : { token }),
      },
      stopping.signal,
    )
    const joined = withSettings(config, access.settings)
    writeConfig(joined)
    const informers = access.informersFor(access.clientFor('kube-proxy'), log)
    followServers(balancer, informers, list)
    informers.start(stopping.signal)
    const node = await startNode(joined, access, spawner)
    log.info({ node: config.nodeName, server }, 'the node runs')
    log.info({ signal: await stopped }, 'stopping')
    await node.stop()
    access.stop()
  } catch (error) {
    if (!stopping.signal.aborted) throw error
  } finally {
    await balancer?.close()
    spawner.close()
    rmSync(paths.runDirectory, { recursive: true, force: true })
    release()
  }
}

const withSettings = (
  config: ClusterConfig,
  { clusterCidr, serviceCidr, clusterDomain }: ClusterSettings,
): ClusterConfig => ({ ...config, clusterCidr, serviceCidr, clusterDomain })

/** Kept once it is known, so that a machine that has joined needs its token no more. */
async function authorityOf(config: ClusterConfig, server: string, token: JoinToken | undefined): Promise<string> {
  const { pki } = pathsOf(config)
  const path = join(pki, 'ca.crt')
  const kept = readIfExists(path)
  // Without a certificate of it, the machine was refused: it may turn to another cluster.
  if (kept !== undefined && existsSync(join(pki, 'kubelet-client.pem'))) {
    if (token && publicKeyHash(new X509Certificate(kept).publicKey) !== token.caHash)
      throw new CliError(
        `this machine has joined another cluster than the token's`,
        `leave that first: clipper reset --data-dir ${config.dataDirectory}`,
      )
    return kept
  }
  if (!token)
    throw new CliError(
      'this machine has not joined a cluster yet',
      'give a token: clipper agent --server URL --token TOKEN',
    )
  const found = await discoverCluster(server, token)
  mkdirSync(pki, { recursive: true, mode: 0o700 })
  writeFileWhole(path, found, 0o644)
  return found
}
