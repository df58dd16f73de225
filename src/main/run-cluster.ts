/** The cluster's process: everything of a one-node cluster, until it is told to stop. */

import { apiserverUser } from '../apiserver/bootstrap/bootstrap-api.ts'
import { loggerOf } from '../base/log.ts'
import { HelperSpawner } from '../base/spawner.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { removePidFile, tryLock, writePidFile } from '../cli/running-process.ts'
import { ensureClusterObjects } from './cluster-objects.ts'
import { startOverWithCompiledModules } from './compiled-modules.ts'
import { startControlPlane } from './control-plane.ts'
import { startNode } from './node.ts'
import { inProcessAccess } from './node-access.ts'
import { ensureServerPki, keepAdminKubeconfig } from './server-pki.ts'
import { stopSignal } from './stop-signal.ts'

export async function runCluster(config: ClusterConfig): Promise<void> {
  await startOverWithCompiledModules()
  const log = loggerOf('clipper')
  const release = await tryLock(config.name)
  if (!release) throw new CliError(`a cluster named ${config.name} already runs`, 'choose another --name')
  // Before memory grows: spawning stops a process in proportion to it.
  const spawner = new HelperSpawner()
  const paths = pathsOf(config)
  writePidFile(paths.pidFile, config.dataDirectory)
  const stopped = stopSignal()

  const pki = ensureServerPki(config)
  const controlPlane = await startControlPlane(config, pki)
  keepAdminKubeconfig(config, pki)
  const [node] = await Promise.all([
    startNode(config, inProcessAccess(config, controlPlane, pki), spawner),
    ensureClusterObjects(controlPlane.clientFor(apiserverUser, 'clipper'), config, pki.caPem),
  ])
  log.info('the cluster runs')

  log.info({ signal: await stopped }, 'stopping')
  await node.stop()
  await controlPlane.stop()
  spawner.close()
  removePidFile(paths.pidFile)
  release()
}
