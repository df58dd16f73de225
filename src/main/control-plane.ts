/** API server, controllers and scheduler in this process. */
import { componentUser, controllerUser } from '../apiserver/authentication/component-users.ts'
import type { Pki } from '../apiserver/pki/pki.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { startControllers } from '../controllers/start.ts'
import { startScheduler } from '../scheduler/scheduler.ts'
import { type RunningApi, startApi } from './api.ts'
import { random } from './random.ts'

export type ControlPlane = Pick<RunningApi, 'server' | 'clientFor' | 'informersFor' | 'stop'>

/** `controllers` chooses as kube-controller-manager's flag of that name does. */
export async function startControlPlane(
  config: ClusterConfig,
  pki: Pki,
  controllers: readonly string[] = ['*'],
): Promise<ControlPlane> {
  const clock = systemClock
  const stopping = new AbortController()
  const api = await startApi(config, pki)
  const { clientFor, informersFor } = api
  const managerLog = loggerOf('kube-controller-manager')
  const running = startControllers({
    clientFor: name => clientFor(controllerUser(name), name),
    informers: informersFor(clientFor(componentUser('controller-manager'), 'kube-controller-manager'), managerLog),
    clock,
    random,
    signal: stopping.signal,
    log: managerLog,
    options: {
      choice: controllers,
      rootCa: pki.caPem,
      signing: { certificatePem: pki.caPem, privateKeyPem: pki.caKeyPem },
      clusterCidr: config.clusterCidr,
    },
  })
  const schedulerLog = loggerOf('kube-scheduler')
  const schedulerClient = clientFor(componentUser('scheduler'), 'kube-scheduler')
  const schedulerInformers = informersFor(schedulerClient, schedulerLog)
  const scheduler = startScheduler({
    client: schedulerClient,
    informers: schedulerInformers,
    clock,
    random,
    signal: stopping.signal,
    log: schedulerLog,
  })
  schedulerInformers.start(stopping.signal)

  return {
    server: api.server,
    clientFor,
    informersFor,
    async stop() {
      api.drain()
      stopping.abort()
      await Promise.all([running, scheduler.stop()])
      await api.stop()
    },
  }
}
