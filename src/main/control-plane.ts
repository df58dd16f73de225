/** API server, controllers and scheduler in this process. */

import { type Component, componentUser, controllerUser } from '../apiserver/authentication/component-users.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { leaseTimesOf } from '../cli/leader-election-flags.ts'
import { WorkQueueMetrics } from '../client/work-queue-metrics.ts'
import { startControllers } from '../controllers/start.ts'
import { SchedulerMetrics } from '../scheduler/scheduler-metrics.ts'
import { type RunningApi, startApi } from './api.ts'
import { runCandidate, schedule } from './elected.ts'
import { random } from './random.ts'
import type { ServerPki } from './server-pki.ts'

export type ControlPlane = Pick<RunningApi, 'server' | 'clientFor' | 'informersFor' | 'stop'>

/** `controllers` chooses as kube-controller-manager's flag of that name does. */
export async function startControlPlane(
  config: ClusterConfig,
  pki: ServerPki,
  controllers: readonly string[] = ['*'],
): Promise<ControlPlane> {
  const times = leaseTimesOf(config)
  const stopping = new AbortController()
  const api = await startApi(config, pki)
  const { registry } = api.server.metrics
  const queueMetrics = new WorkQueueMetrics(registry)
  const schedulerMetrics = new SchedulerMetrics(registry)

  /** Runs a component: at once where nobody is elected, else for as long as this process is. */
  const run = (component: Component, lead: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const name = `kube-${component}`
    const client = api.clientFor(componentUser(component), name)
    return runCandidate({ name, client, host: config.nodeName, times, signal: stopping.signal, lead })
  }
  const running = [
    run('controller-manager', signal => control(config, pki, api, controllers, queueMetrics, signal)),
    run('scheduler', signal => {
      const client = api.clientFor(componentUser('scheduler'), 'kube-scheduler')
      return schedule(client, api.informersFor(client, loggerOf('kube-scheduler')), signal, schedulerMetrics)
    }),
  ]

  return {
    server: api.server,
    clientFor: api.clientFor,
    informersFor: api.informersFor,
    async stop() {
      const drained = api.drain()
      // While the server still answers, for what they write on their way out, and the Leases that they give back.
      stopping.abort()
      await Promise.all([drained, ...running])
      await api.stop()
    },
  }
}

/** Resolves after the signal has aborted, when all controllers have ended. */
function control(
  config: ClusterConfig,
  pki: ServerPki,
  { clientFor, informersFor }: RunningApi,
  controllers: readonly string[],
  queueMetrics: WorkQueueMetrics,
  signal: AbortSignal,
): Promise<void> {
  const log = loggerOf('kube-controller-manager')
  return startControllers({
    clientFor: name => clientFor(controllerUser(name), name),
    informers: informersFor(clientFor(componentUser('controller-manager'), 'kube-controller-manager'), log),
    clock: systemClock,
    random,
    signal,
    log,
    queueMetrics,
    options: {
      choice: controllers,
      rootCa: pki.caPem,
      signing: { certificatePem: pki.caPem, privateKeyPem: pki.caKeyPem },
      clusterCidr: config.clusterCidr,
      ...(config.nodeCidrMaskSize === undefined ? {} : { nodeMaskSize: config.nodeCidrMaskSize }),
    },
  })
}
