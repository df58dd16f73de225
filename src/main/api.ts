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
import { CustomResources } from '../apiserver/custom-resources/custom-resources.ts'
import { startHttpServer } from '../apiserver/http/http-server.ts'
import type { Pki } from '../apiserver/pki/pki.ts'
import { connectHandlers } from '../apiserver/streaming/connect.ts'
import { WebhookClient } from '../apiserver/webhooks/webhook-client.ts'
import { systemClock } from '../base/clock.ts'
import { type Logger, loggerOf } from '../base/log.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { Client } from '../client/client.ts'
import { InformerFactory } from '../client/informer-factory.ts'
import { openAudit } from './audit.ts'
import { InProcessTransport } from './in-process-transport.ts'
import { openStore } from './open-store.ts'
import { random } from './random.ts'
import { firstAddresses } from './service-addresses.ts'

/** The API server, and how the components of this process reach it. */
export interface RunningApi {
  readonly server: ApiServer
  /** A client of a component, with its identity; `name` is its field manager. */
  clientFor(user: UserInfo, name: string): Client
  informersFor(client: Client, log: Logger): InformerFactory
  /** Watches end and `/readyz` says no: the components may stop. */
  drain(): void
  /** Finishes what was accepted, then closes the store. */
  stop(): Promise<void>
}

const shutdownGraceMs = 5000

/** `host` is the address that it listens on. */
export async function startApi(config: ClusterConfig, pki: Pki, host = '0.0.0.0'): Promise<RunningApi> {
  const clock = systemClock
  const log = loggerOf('kube-apiserver')
  const store = await openStore(config)
  const [firstPort = 30_000, lastPort = 32_767] = config.nodePortRange.split('-').map(Number)
  const registry = await openRegistry({
    store,
    clock,
    serviceCidrs: [config.serviceCidr],
    nodePortRange: [firstPort, lastPort],
    processMetrics: true,
  })
  const serverAddress = () => `${config.nodeAddress}:${config.apiPort}`
  const access = createAccessControl({
    reader: registry.reader,
    writer: registry.writer,
    clock,
    random,
    equivalents: (group, version, plural) => registry.table.equivalents(group, version, plural),
    serviceAccountKey: pki.serviceAccountKey,
    issuer: `https://kubernetes.default.svc.${config.clusterDomain}`,
    serverAddress,
  })
  await registry.reader.start(accessControlKinds)
  const kubelet = { certificate: pki.kubeletClient.certificatePem, key: pki.kubeletClient.privateKeyPem, ca: pki.caPem }
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
    identity: access.identity,
    featureGates: new Set(Object.entries(config.featureGates ?? {}).flatMap(([name, isOn]) => (isOn ? [name] : []))),
  })

  const clientFor = (user: UserInfo, name: string) => new Client(new InProcessTransport(server, user, name), name)
  const informersFor = (client: Client, componentLog: Logger) =>
    new InformerFactory(client, { clock, random, log: componentLog })

  const api = new BootstrapApi(new InProcessTransport(server, apiserverUser, 'kube-apiserver'))
  await bootstrap({
    api,
    serviceCidrs: [config.serviceCidr],
    clientCaPem: pki.caPem,
    frontProxyCaPem: pki.frontProxyCaPem,
    clock,
  })
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
  // What was served before the server stopped is served again before it answers.
  await registry.reader.start([CustomResourceDefinition])
  await customResources.settled()
  const http = await startHttpServer(server, {
    host,
    port: config.apiPort,
    certificate: pki.serving.certificatePem,
    key: pki.serving.privateKeyPem,
    clientCa: pki.caPem,
  })
  const [serviceAddress = ''] = firstAddresses(config.serviceCidr, 1)
  const kubernetesService = new KubernetesService({
    api,
    advertiseAddress: config.nodeAddress,
    securePort: config.apiPort,
    serviceAddress,
    serverName: config.nodeName,
    clock,
  })
  await kubernetesService.start()
  log.info({ port: config.apiPort }, 'the API server is ready')

  return {
    server,
    clientFor,
    informersFor,
    drain: () => server.drain(),
    async stop() {
      server.drain()
      await flowKeeper.stop()
      await aggregator.stop()
      await customResources.stop()
      conversionWebhooks.close()
      await kubernetesService.stop()
      await http.close(shutdownGraceMs)
      access.close()
      server.close()
      audit?.log.close()
      await store.close()
    },
  }
}
