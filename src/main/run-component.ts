/** The scheduler or the controllers alone, for an API server that runs elsewhere, until told to stop. */
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import type { ControllerManagerSettings, SchedulerSettings } from '../cli/component-commands.ts'
import { nodeNameOf } from '../cli/node-identity.ts'
import { Client } from '../client/client.ts'
import { HttpsTransport, type HttpsTransportOptions } from '../client/https-transport.ts'
import { InformerFactory } from '../client/informer-factory.ts'
import { readKubeconfig, transportOptionsOf } from '../client/kubeconfig.ts'
import { ServiceAccountToken } from '../client/service-account-token.ts'
import { startControllers } from '../controllers/start.ts'
import { runCandidate, schedule } from './elected.ts'
import { random } from './random.ts'
import { stopSignal } from './stop-signal.ts'

export const runScheduler = (settings: SchedulerSettings): Promise<void> =>
  run('kube-scheduler', settings, ({ client, informers }, signal) => schedule(client, informers, signal))

export const runControllerManager = (settings: ControllerManagerSettings): Promise<void> =>
  run('kube-controller-manager', settings, async ({ client, informers, log, connectAs }, signal) => {
    const { controllers, rootCaPem, signing, clusterCidr, nodeMaskSize, nodeMonitorGraceMs, maxTerminatedPods } =
      settings
    await startControllers({
      clientFor: name => (settings.useServiceAccountCredentials ? connectAs(name) : client),
      informers,
      clock: systemClock,
      random,
      signal,
      log,
      options: {
        choice: controllers,
        ...(rootCaPem === undefined ? {} : { rootCa: rootCaPem }),
        ...(signing === undefined ? {} : { signing }),
        ...(clusterCidr === undefined ? {} : { clusterCidr }),
        ...(nodeMaskSize === undefined ? {} : { nodeMaskSize }),
        ...(nodeMonitorGraceMs === undefined ? {} : { nodeMonitorGraceMs }),
        ...(maxTerminatedPods === undefined ? {} : { maxTerminatedPods }),
      },
    })
  })

interface Term {
  readonly client: Client
  readonly informers: InformerFactory
  readonly log: ReturnType<typeof loggerOf>
  /** A client that acts as a service account of kube-system. */
  connectAs(account: string): Client
}

type Lead = (term: Term, signal: AbortSignal) => Promise<void>

async function run(name: string, { kubeconfig, leaseTimes }: SchedulerSettings, lead: Lead): Promise<void> {
  const log = loggerOf(name)
  const stopping = new AbortController()
  const stopped = stopSignal()
  void stopped.then(() => stopping.abort())
  const access = await accessOf(kubeconfig)
  const transport = new HttpsTransport({ ...access, userAgent: name })
  const client = new Client(transport, name)
  const term = async (signal: AbortSignal) => {
    const accounts = new Accounts(access, client)
    const informers = new InformerFactory(client, { clock: systemClock, random, log })
    try {
      await lead({ client, informers, log, connectAs: account => accounts.connect(account) }, signal)
    } finally {
      accounts.close()
    }
  }
  await runCandidate({ name, client, host: nodeNameOf(), times: leaseTimes, signal: stopping.signal, lead: term })
  transport.close()
}

async function accessOf(kubeconfig: string): Promise<HttpsTransportOptions> {
  try {
    return await transportOptionsOf(await readKubeconfig(kubeconfig))
  } catch (error) {
    throw new CliError(`--kubeconfig: ${(error as Error).message}`)
  }
}

/** Connections as service accounts: of the kubeconfig only the server and its authority are used. */
class Accounts {
  readonly #access: HttpsTransportOptions
  readonly #client: Client
  readonly #transports: HttpsTransport[] = []

  constructor(access: HttpsTransportOptions, client: Client) {
    this.#access = access
    this.#client = client
  }

  connect(account: string): Client {
    const { server, ca, serverName, insecureSkipTlsVerify } = this.#access
    const token = new ServiceAccountToken(this.#client, systemClock, 'kube-system', account)
    const transport = new HttpsTransport({
      server,
      ...(ca === undefined ? {} : { ca }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(insecureSkipTlsVerify === undefined ? {} : { insecureSkipTlsVerify }),
      userAgent: account,
      tokenSource: renew => token.get(renew),
    })
    this.#transports.push(transport)
    return new Client(transport, account)
  }

  close(): void {
    for (const transport of this.#transports) transport.close()
  }
}
