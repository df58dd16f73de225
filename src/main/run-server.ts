/** A control plane without a node, or the API server alone, in the foreground until it is told to stop. */
import { apiserverUser } from '../apiserver/bootstrap/bootstrap-api.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { HelperSpawner } from '../base/spawner.ts'
import { checkNodePorts, checkRanges } from '../cli/address-ranges.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf, writeConfig } from '../cli/cluster-config.ts'
import { removePidFile, tryLock, writePidFile } from '../cli/running-process.ts'
import type { ServerStart } from '../cli/server-flags.ts'
import { startApi } from './api.ts'
import { ensureClusterObjects } from './cluster-objects.ts'
import { startOverWithCompiledModules } from './compiled-modules.ts'
import { startControlPlane } from './control-plane.ts'
import { etcdPkiOf, type RunningMember, startEtcdMember } from './etcd-member.ts'
import { joinControlPlane } from './join-server.ts'
import { patiently } from './patience.ts'
import { ensureServerPki, keepAdminKubeconfig, type ServerPki } from './server-pki.ts'
import { stopSignal } from './stop-signal.ts'

const stopTimeoutMs = 12_000

interface Stoppable {
  stop(): Promise<void>
}

export const runApiServer = (config: ClusterConfig): Promise<void> => run({ config }, startApi)

/** `controllers` chooses as kube-controller-manager's flag of that name does. */
export const runServer = (server: ServerStart, controllers: readonly string[]): Promise<void> =>
  run(server, async (config, pki) => {
    const controlPlane = await startControlPlane(config, pki, controllers)
    const client = controlPlane.clientFor(apiserverUser, 'clipper')
    await patiently('telling nodes of the cluster', () => ensureClusterObjects(client, config, pki.caPem))
    return controlPlane
  })

async function run(
  { config: given, join }: ServerStart,
  start: (config: ClusterConfig, pki: ServerPki) => Promise<Stoppable>,
): Promise<void> {
  await startOverWithCompiledModules()
  const log = loggerOf('clipper')
  const release = await tryLock(given.name)
  if (!release) throw new CliError(`a cluster named ${given.name} already runs`, 'choose another --name')
  const { pidFile } = pathsOf(given)
  const stopping = new AbortController()
  const stopped = stopSignal()
  void stopped.then(() => stopping.abort())
  try {
    const joined = join ? await joinControlPlane(given, join.server, join.token) : given
    checkRanges(joined)
    checkNodePorts(joined.nodePortRange)
    // Only what has all keys is kept: an attempt that failed begins anew.
    writeConfig(joined)
    // For `clipper down`, which ends the etcd member too.
    if (joined.etcdMember) writePidFile(pidFile, joined.dataDirectory)
    const member = await startMember(joined, stopping.signal)
    const config = member?.config ?? joined
    const pki = ensureServerPki(config)
    keepAdminKubeconfig(config, pki)
    if (config.etcdMember) pki.onLook(() => etcdPkiOf(config))
    const running = await start(config, pki)
    log.info({ signal: await stopped }, 'stopping')
    // Without a majority of etcd nothing more can be written: what waits for that is given up.
    const patience = new Promise<false>(resolve => systemClock.after(stopTimeoutMs, () => resolve(false)))
    const isDone = await Promise.race([running.stop().then(() => true), patience])
    await member?.stop()
    if (!isDone) {
      removePidFile(pidFile)
      process.exit(0)
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error
  } finally {
    removePidFile(pidFile)
    release()
  }
}

async function startMember(config: ClusterConfig, signal: AbortSignal): Promise<RunningMember | undefined> {
  if (!config.etcdMember) return undefined
  // Before memory grows: spawning stops a process in proportion to it.
  const spawner = new HelperSpawner()
  const member = await startEtcdMember(config, spawner, signal)
  return {
    config: member.config,
    async stop() {
      await member.stop()
      spawner.close()
    },
  }
}
