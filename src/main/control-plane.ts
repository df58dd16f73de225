/** API server, controllers and scheduler in this process. */

import { randomUUID } from 'node:crypto'
import { type Component, componentUser, controllerUser } from '../apiserver/authentication/component-users.ts'
import type { Pki } from '../apiserver/pki/pki.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { leaseTimesOf } from '../cli/leader-election-flags.ts'
import { runElected } from '../client/leader-election.ts'
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
  const times = leaseTimesOf(config)
  const stopping = new AbortController()
  const api = await startApi(config, pki)

  /** Runs a component: at once where nobody is elected, else for as long as this process is. */
  const run = (component: Component, lead: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    if (times === undefined) return lead(stopping.signal)
    const name = `kube-${component}`
    return runElected({
      ...times,
      client: api.clientFor(componentUser(component), name),
      clock: systemClock,
      random,
      log: loggerOf(name),
      namespace: 'kube-system',
      name,
      identity: `${config.nodeName}_${randomUUID()}`,
      signal: stopping.signal,
      lead,
    })
  }
  const running = [
    run('controller-manager', signal => control(config, pki, api, controllers, signal)),
    run('scheduler', signal => schedule(api, signal)),
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
  pki: Pki,
  { clientFor, informersFor }: RunningApi,
  controllers: readonly string[],
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
    options: {
      choice: controllers,
      rootCa: pki.caPem,
      signing: { certificatePem: pki.caPem, privateKeyPem: pki.caKeyPem },
      clusterCidr: config.clusterCidr,
      ...(config.nodeCidrMaskSize === undefined ? {} : { nodeMaskSize: config.nodeCidrMaskSize }),
    },
  })
}

async function schedule({ clientFor, informersFor }: RunningApi, signal: AbortSignal): Promise<void> {
  const log = loggerOf('kube-scheduler')
  const client = clientFor(componentUser('scheduler'), 'kube-scheduler')
  const informers = informersFor(client, log)
  const scheduler = startScheduler({ client, informers, clock: systemClock, random, signal, log })
  informers.start(signal)
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  await scheduler.stop()
}
