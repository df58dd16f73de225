/** Our API server with its store, access control and admission, and nothing that acts on objects behind it. */

import { createApiServer, openRegistry } from '../../src/apiserver/api-server.ts'
import { accessControlKinds, createAccessControl } from '../../src/apiserver/bootstrap/access-control.ts'
import { bootstrap } from '../../src/apiserver/bootstrap/bootstrap.ts'
import { apiserverUser, BootstrapApi } from '../../src/apiserver/bootstrap/bootstrap-api.ts'
import { startHttpServer } from '../../src/apiserver/http/http-server.ts'
import type { Pki } from '../../src/apiserver/pki/pki.ts'
import { systemClock } from '../../src/base/clock.ts'
import { random } from '../../src/main/control-plane.ts'
import { InProcessTransport } from '../../src/main/in-process-transport.ts'
import { openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts'

export interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

export const serviceCidr = '10.96.0.0/16'
export const issuer = 'https://kubernetes.default.svc.cluster.local'

export async function startOurServer(pki: Pki, directory: string): Promise<RunningServer> {
  const clock = systemClock
  const store = await openEmbeddedStore({ directory, clock })
  const registry = await openRegistry({ store, clock, serviceCidrs: [serviceCidr] })
  const access = createAccessControl({
    reader: registry.reader,
    clock,
    random,
    serviceAccountKey: pki.serviceAccountKey,
    issuer,
    serverAddress: () => '127.0.0.1',
  })
  await registry.reader.start(accessControlKinds)
  const server = createApiServer({
    registry,
    authenticator: access.authenticator,
    authorizer: access.authorizer,
    admissionPlugins: access.admissionPlugins,
    handlers: { create: access.createHandlers, connect: new Map() },
    identity: access.identity,
  })
  await bootstrap({
    api: new BootstrapApi(new InProcessTransport(server, apiserverUser, 'kube-apiserver')),
    serviceCidrs: [serviceCidr],
    clientCaPem: pki.caPem,
    frontProxyCaPem: pki.frontProxyCaPem,
    clock,
  })
  const http = await startHttpServer(server, {
    host: '127.0.0.1',
    port: 0,
    certificate: pki.serving.certificatePem,
    key: pki.serving.privateKeyPem,
    clientCa: pki.caPem,
  })
  return {
    port: http.port,
    async stop() {
      server.drain()
      await http.close(1000)
      access.close()
      server.close()
      await store.close()
    },
  }
}
