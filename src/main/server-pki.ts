/**
 * Keys and certificates of a server with an API server, and its administrator's access. A server that runs for long looks at
 * them twice a day: whoever reads them through this gets what is valid now.
 */
import { writeKubeconfig } from '../apiserver/pki/kubeconfig.ts'
import { ensurePki, type Pki } from '../apiserver/pki/pki.ts'
import { type Clock, systemClock, type Timer } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import type { KeyPair } from '../base/pki/certificate.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { firstAddresses } from './service-addresses.ts'

const lookEveryMs = 12 * 3_600_000

export class ServerPki implements Pki {
  readonly #make: () => Pki
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #pki: Pki
  #timer: Timer | undefined

  /** `make` gives what is there, with everything renewed that is due. */
  constructor(make: () => Pki, clock: Clock) {
    this.#make = make
    this.#clock = clock
    this.#pki = make()
    this.#schedule()
  }

  get directory() {
    return this.#pki.directory
  }
  get caPem() {
    return this.#pki.caPem
  }
  get caKeyPem() {
    return this.#pki.caKeyPem
  }
  get serving() {
    return this.#pki.serving
  }
  get frontProxyCaPem() {
    return this.#pki.frontProxyCaPem
  }
  get serviceAccountKey() {
    return this.#pki.serviceAccountKey
  }
  readonly kubeletClient = liveKeyPair(() => this.#pki.kubeletClient)
  readonly frontProxyClient = liveKeyPair(() => this.#pki.frontProxyClient)
  identity: Pki['identity'] = component => this.#pki.identity(component)
  nodeClient: Pki['nodeClient'] = nodeName => this.#pki.nodeClient(nodeName)
  nodeServing: Pki['nodeServing'] = (nodeName, addresses) => this.#pki.nodeServing(nodeName, addresses)

  /** Called after each look, whether or not anything was due. */
  onLook(listener: () => void): void {
    this.#listeners.add(listener)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#listeners.clear()
  }

  #schedule(): void {
    this.#timer = this.#clock.after(lookEveryMs, () => {
      this.#look()
      this.#schedule()
    })
  }

  #look(): void {
    try {
      this.#pki = this.#make()
      for (const listener of this.#listeners) listener()
    } catch (error) {
      // A disk that is full, say: a third of their life is left for the next attempts.
      loggerOf('certificates').error({ error: (error as Error).message }, 'certificates could not be renewed')
    }
  }
}

/** Its parts are those of the pair of the moment. */
const liveKeyPair = (current: () => KeyPair): KeyPair => ({
  get certificatePem() {
    return current().certificatePem
  },
  get privateKeyPem() {
    return current().privateKeyPem
  },
})

/** Makes or renews what is due, now and as long as it is not stopped. */
export const ensureServerPki = (config: ClusterConfig, clock: Clock = systemClock): ServerPki =>
  new ServerPki(
    () =>
      ensurePki({
        directory: pathsOf(config).pki,
        nodeName: config.nodeName,
        altNames: [config.nodeAddress],
        serviceAddresses: firstAddresses(config.serviceCidr, 1),
        clusterDomain: config.clusterDomain,
        clock,
      }),
    clock,
  )

/** Now, and whenever the certificate in it is another. */
export function keepAdminKubeconfig(config: ClusterConfig, pki: ServerPki): void {
  let written = ''
  const write = () => {
    const client = pki.identity('admin')
    if (client.certificatePem === written) return
    writeKubeconfig(pathsOf(config).adminKubeconfig, {
      server: `https://127.0.0.1:${config.apiPort}`,
      caPem: pki.caPem,
      clusterName: config.name,
      userName: config.name,
      client,
    })
    written = client.certificatePem
  }
  write()
  pki.onLook(write)
}
