/** Store and API server in this process. */
import { CustomResourceDefinition } from '../api/apiextensions/v1/custom-resource-definition.ts'
import { Aggregator } from '../apiserver/aggregation/aggregator.ts'
import { type ApiServer, createApiServer, openRegistry } from '../apiserver/api-server.ts'
import type { UserInfo } from '../apiserver/authentication/authenticator.ts'
import { accessControlKinds, createAccessControl } from '../apiserver/bootstrap/access-control.ts'
import { bootstrap, ensureFlowObjects } from '../apiserver/bootstrap/bootstrap.ts'
import { apiserverUser, BootstrapApi } from '../apiserver/bootstrap/bootstrap-api.ts'
import { FlowKeeper } from '../apiserver/bootstrap/flow-keeper.ts'
import { KubernetesService } from '../apiserver/bootstrap/kubernetes-service.ts'
import { masterLeasesPrefix, StoredMasterLeases } from '../apiserver/bootstrap/master-leases.ts'
import { ServerIdentity } from '../apiserver/bootstrap/server-identity.ts'
import { CustomResources } from '../apiserver/custom-resources/custom-resources.ts'
import { StartSteps } from '../apiserver/endpoints/start-steps.ts'
import { startHttpServer } from '../apiserver/http/http-server.ts'
import { connectHandlers } from '../apiserver/streaming/connect.ts'
import type { KubeletAccess } from '../apiserver/streaming/kubelet-location.ts'
import { WebhookClient } from '../apiserver/webhooks/webhook-client.ts'
import { systemClock } from '../base/clock.ts'
import { type Logger, loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { Client } from '../client/client.ts'
import { InformerFactory } from '../client/informer-factory.ts'
import { openAudit } from './audit.ts'
import { InProcessTransport } from './in-process-transport.ts'
import { openStore } from './open-store.ts'
import { patiently } from './patience.ts'
import { random } from './random.ts'
import type { ServerPki } from './server-pki.ts'
import { firstAddresses } from './service-addresses.ts'

/** The API server, and how the components of this process reach it. */
export interface RunningApi {
  readonly server: ApiServer
  /** A client of a component, with its identity; `name` is its field manager. */
  clientFor(user: UserInfo, name: string): Client
  informersFor(client: Client, log: Logger): InformerFactory
  /** `/readyz` says no, and the `kubernetes` Service no longer leads here: clients go to other servers. */
  drain(): Promise<void>
  /** Finishes what was accepted, then closes the store. */
  stop(): Promise<void>
}

const shutdownGraceMs = 5000
const leaveTimeoutMs = 2000

/** `host` is the address that it listens on. */
export async function startApi(config: ClusterConfig, pki: ServerPki, host = '0.0.0.0'): Promise<RunningApi> {
  const clock = systemClock
  const log = loggerOf('kube-apiserver')
  const { store, healthChecks, onEncryptionChange, close: closeStore } = await openStore(config)
  const [firstPort = 30_000, lastPort = 32_767] = config.nodePortRange.split('-').map(Number)
  const registry = await openRegistry({
    store,
    clock,
    serviceCidrs: [config.serviceCidr],
    nodePortRange: [firstPort, lastPort],
    processMetrics: true,
  })
  onEncryptionChange(isEncrypted => registry.table.markOutdated(isEncrypted))
  const serverAddress = () => `${config.nodeAddress}:${config.apiPort}`
  const access = accessControl({
    reader: registry.reader,
    writer: registry.writer,
    clock,
    random,
    webhookMetrics: registry.metrics.webhooks,
    enableAdmission: config.enableAdmissionPlugins ?? [],
    disableAdmission: config.disableAdmissionPlugins ?? [],
    equivalents: (group, version, plural) => registry.table.equivalents(group, version, plural),
    serviceAccountKey: pki.serviceAccountKey,
    issuer: `https://kubernetes.default.svc.${config.clusterDomain}`,
    serverAddress,
  })
  const steps = new StartSteps()
  await registry.reader.start(accessControlKinds)
  steps.done('access')
  const kubelet: KubeletAccess = {
    ca: pki.caPem,
    get certificate() {
      return pki.kubeletClient.certificatePem
    },
    get key() {
      return pki.kubeletClient.privateKeyPem
    },
  }
  const connectDeps = { reader: registry.reader, kubelet, random }
  const audit = openAudit(config, clock)
  const server = createApiServer({
    registry,
    ...(audit ? { audit: audit.auditor } : {}),
    authenticator: access.authenticator,
    authorizer: access.authorizer,
    admissionPlugins: access.admissionPlugins,
    handlers: {
      create: access.createHandlers,
      connect: new Map([...connectHandlers].map(([name, connect]) => [name, context => connect(context, connectDeps)])),
    },
    serverAddress,
    healthChecks: [...steps.checks, ...healthChecks],
    identity: access.identity,
    featureGates: new Set(Object.entries(config.featureGates ?? {}).flatMap(([name, isOn]) => (isOn ? [name] : []))),
  })

  const clientFor = (user: UserInfo, name: string) => new Client(new InProcessTransport(server, user, name), name)
  const informersFor = (client: Client, componentLog: Logger) =>
    new InformerFactory(client, { clock, random, log: componentLog })

  const api = new BootstrapApi(new InProcessTransport(server, apiserverUser, 'kube-apiserver'))
  await patiently('making the objects of every cluster', () =>
    bootstrap({
      api,
      serviceCidrs: [config.serviceCidr],
      clientCaPem: pki.caPem,
      frontProxyCaPem: pki.frontProxyCaPem,
      clock,
    }),
  )
  // Addresses are looked after from the server's making on.
  steps.done('objects', 'addresses')
  const flowKeeper = new FlowKeeper({ api, reader: registry.reader, clock, ensure: () => ensureFlowObjects(api) })
  const conversionWebhooks = new WebhookClient({ reader: registry.reader, random })
  const customResources = new CustomResources({
    reader: registry.reader,
    table: registry.table,
    api,
    clock,
    webhooks: conversionWebhooks,
    onKinds: custom => server.setCustomKinds(custom),
  })
  const aggregator = new Aggregator({
    reader: registry.reader,
    api,
    clock,
    random,
    client: pki.frontProxyClient,
    onGroups: groups => server.setRemoteGroups(groups),
  })
  server.aggregate(aggregator)
  steps.done('aggregation')
  // What was served before the server stopped is served again before it answers.
  await registry.reader.start([CustomResourceDefinition])
  await customResources.settled()
  steps.done('customResources', 'informers')
  const http = await startHttpServer(server, {
    host,
    port: config.apiPort,
    certificate: pki.serving.certificatePem,
    key: pki.serving.privateKeyPem,
    clientCa: pki.caPem,
  })
  pki.onLook(() => http.useCertificate(pki.serving.certificatePem, pki.serving.privateKeyPem))
  const [serviceAddress = ''] = firstAddresses(config.serviceCidr, 1)
  const kubernetesService = new KubernetesService({
    api,
    leases: new StoredMasterLeases(registry.store),
    advertiseAddress: config.nodeAddress,
    securePort: config.apiPort,
    serviceAddress,
    clock,
  })
  const identity = new ServerIdentity({ api, serverName: config.nodeName, clock })
  await patiently('entering the kubernetes Service', () => Promise.all([kubernetesService.start(), identity.start()]))
  const wake = () => kubernetesService.wake()
  registry.feed.listen(masterLeasesPrefix, { events: wake, progress: () => {}, lost: wake })
  log.info({ port: config.apiPort }, 'the API server is ready')

  let draining: Promise<unknown> | undefined
  const drain = async () => {
    server.drain()
    registry.feed.unlisten(masterLeasesPrefix)
    // A store that is gone takes the address away by itself, when the lease runs out.
    draining ??= Promise.allSettled([kubernetesService.stop(), identity.stop()])
    await Promise.race([draining, new Promise<void>(resolve => clock.after(leaveTimeoutMs, resolve))])
  }

  return {
    server,
    clientFor,
    informersFor,
    drain,
    async stop() {
      pki.stop()
      await drain()
      // Accepted watches end first; whoever connects again finds another server, or waits for this one's successor.
      server.endWatches()
      const answered = http.close(shutdownGraceMs)
      await flowKeeper.stop()
      await aggregator.stop()
      await customResources.stop()
      conversionWebhooks.close()
      await answered
      access.close()
      server.close()
      audit?.log.close()
      await closeStore()
    },
  }
}

function accessControl(options: Parameters<typeof createAccessControl>[0]): ReturnType<typeof createAccessControl> {
  try {
    return createAccessControl(options)
  } catch (error) {
    // The names of the flags for admission plugins.
    if (error instanceof RangeError) throw new CliError(error.message, 'see --enable-admission-plugins')
    throw error
  }
}
