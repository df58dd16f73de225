/** An API server on ports of the loopback, for clients that write their bytes by hand. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HttpLimits, type RunningHttpServer, startHttpServer } from '../../src/apiserver/http/http-server.ts'
import type { Pki } from '../../src/apiserver/pki/pki.ts'
import { startTestServer, type TestServer } from '../../src/apiserver/testing/test-server.ts'
import { loopbackPki } from '../side-by-side/our-server.ts'
import { type Door, RawConnection } from './raw-connection.ts'

export class ListeningServer {
  readonly api: TestServer
  readonly #pki: Pki
  readonly #ports: RunningHttpServer[] = []

  private constructor(api: TestServer, pki: Pki) {
    this.api = api
    this.#pki = pki
  }

  static async start(): Promise<ListeningServer> {
    const directory = mkdtempSync(join(tmpdir(), 'clipper-listening-'))
    const pki = loopbackPki(directory, 'here')
    rmSync(directory, { recursive: true })
    return new ListeningServer(await startTestServer(), pki)
  }

  /** A port of its own, with limits of its own. */
  async listen(limits: Partial<HttpLimits> = {}): Promise<{ http: RunningHttpServer; door: Door }> {
    const { serving, kubeletClient, caPem: ca } = this.#pki
    const { certificatePem: certificate, privateKeyPem: key } = serving
    const http = await startHttpServer(this.api.server, {
      host: '127.0.0.1',
      port: 0,
      certificate,
      key,
      clientCa: ca,
      limits,
    })
    this.#ports.push(http)
    return { http, door: { port: http.port, ca, cert: kubeletClient.certificatePem, key: kubeletClient.privateKeyPem } }
  }

  async close(): Promise<void> {
    for (const http of this.#ports) await http.close(0)
    await this.api.close()
  }
}

/** Asks on a connection that is open, which ends it. */
export async function assertServed(raw: RawConnection): Promise<void> {
  raw.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  await raw.closed
  assert.match(raw.received.toString(), /^HTTP\/1\.1 200 OK\r\n/)
}

/** To a connection of its own. */
export const assertServes = async (door: Door): Promise<void> =>
  assertServed(await RawConnection.open(door, 'http/1.1'))
