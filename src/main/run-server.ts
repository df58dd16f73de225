/** A control plane without a node, or the API server alone, in the foreground until it is told to stop. */
import { apiserverUser } from '../apiserver/bootstrap/bootstrap-api.ts'
import { writeKubeconfig } from '../apiserver/pki/kubeconfig.ts'
import { ensurePki, type Pki } from '../apiserver/pki/pki.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf, writeConfig } from '../cli/cluster-config.ts'
import { tryLock } from '../cli/running-process.ts'
import { startApi } from './api.ts'
import { ensureClusterObjects } from './cluster-objects.ts'
import { startOverWithCompiledModules } from './compiled-modules.ts'
import { startControlPlane } from './control-plane.ts'
import { firstAddresses } from './service-addresses.ts'
import { stopSignal } from './stop-signal.ts'

interface Stoppable {
  stop(): Promise<void>
}

export const runApiServer = (config: ClusterConfig): Promise<void> => run(config, pki => startApi(config, pki))

/** `controllers` chooses as kube-controller-manager's flag of that name does. */
export const runServer = (config: ClusterConfig, controllers: readonly string[]): Promise<void> =>
  run(config, async pki => {
    const controlPlane = await startControlPlane(config, pki, controllers)
    await ensureClusterObjects(controlPlane.clientFor(apiserverUser, 'clipper'), config, pki.caPem)
    return controlPlane
  })

async function run(config: ClusterConfig, start: (pki: Pki) => Promise<Stoppable>): Promise<void> {
  await startOverWithCompiledModules()
  const log = loggerOf('clipper')
  const release = await tryLock(config.name)
  if (!release) throw new CliError(`a cluster named ${config.name} already runs`, 'choose another --name')
  const stopped = stopSignal()
  writeConfig(config)
  const paths = pathsOf(config)
  const pki = ensurePki({
    directory: paths.pki,
    nodeName: config.nodeName,
    altNames: [config.nodeAddress],
    serviceAddresses: firstAddresses(config.serviceCidr, 1),
    clusterDomain: config.clusterDomain,
    clock: systemClock,
  })
  writeKubeconfig(paths.adminKubeconfig, {
    server: `https://127.0.0.1:${config.apiPort}`,
    caPem: pki.caPem,
    clusterName: config.name,
    userName: config.name,
    client: pki.identity('admin'),
  })
  const running = await start(pki)
  log.info({ signal: await stopped }, 'stopping')
  await running.stop()
  release()
}
