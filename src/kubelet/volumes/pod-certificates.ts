/**
 * Keys and certificates of pods for projected volumes (KEP-4317): a key made here, a PodCertificateRequest for it, and the
 * chain that its signer issued; another of each when the signer's time to refresh has come. Keys stay in memory and in
 * the pod's volume.
 */
import { PodCertificateRequest } from '../../api/certificates/v1/pod-certificate-request.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { PodCertificateProjection } from '../../api/core/v1/volume.ts'
import type { Clock } from '../../base/clock.ts'
import { readPem, toPem } from '../../base/pki/pem.ts'
import { makeStubRequest } from '../../base/pki/stub-request.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'

/** What a projection shows, in PEM. */
export interface Credentials {
  readonly key: string
  readonly chain: string
}

/** A request that has been made and what became of it. */
interface Requested {
  readonly name: string
  readonly key: string
  /** When a request that is not seen counts as deleted. */
  readonly abandonAtMs: number
}

interface Record {
  current: (Credentials & { readonly beginRefreshAtMs: number; readonly notAfterMs: number }) | undefined
  requested: Requested | undefined
  /** The signer's refusal; another request would get the same answer. */
  refusal: string | undefined
  overdueTold: boolean
  expiryTold: boolean
  working: Promise<void> | undefined
}

export interface PodCertificatesOptions {
  readonly client: Client
  readonly informers: InformerFactory
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly nodeName: string
  readonly nodeUid: () => string
  readonly onChange: (podUid: string) => void
  readonly event: (pod: Pod, reason: string, message: string) => void
}

const jitterMs = 5 * 60_000
const abandonAfterMs = 10 * 60_000
const overdueAfterMs = 10 * 60_000

export class PodCertificates {
  readonly #options: PodCertificatesOptions
  /** By pod, then by volume and source: as many as pods have projections. */
  readonly #records = new Map<string, Map<string, Record>>()
  #requests: Informer<PodCertificateRequest> | undefined

  constructor(options: PodCertificatesOptions) {
    this.#options = options
  }

  /** Throws until the first certificate is issued; `onChange` tells when to ask again. */
  async credentials(
    pod: Pod,
    volume: string,
    index: number,
    projection: PodCertificateProjection,
  ): Promise<Credentials> {
    const record = this.#recordOf(pod, `${volume}/${index}`)
    record.working ??= this.#advance(pod, record, projection).finally(() => {
      record.working = undefined
    })
    await record.working
    if (record.refusal !== undefined) throw new Error(record.refusal)
    if (!record.current) throw new Error('credential bundle is not issued yet')
    return record.current
  }

  /** Milliseconds until a certificate of the pod is to be refreshed; undefined for none. */
  renewalInMs(uid: string): number | undefined {
    const times = [...(this.#records.get(uid)?.values() ?? [])].flatMap(({ current }) =>
      current ? [current.beginRefreshAtMs] : [],
    )
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - this.#options.clock.now())
  }

  forget(uid: string): void {
    this.#records.delete(uid)
  }

  #recordOf(pod: Pod, key: string): Record {
    const ofPod = this.#records.getOrInsertComputed(pod.metadata.uid, () => new Map<string, Record>())
    return ofPod.getOrInsertComputed(key, () => ({
      current: undefined,
      requested: undefined,
      refusal: undefined,
      overdueTold: false,
      expiryTold: false,
      working: undefined,
    }))
  }

  async #advance(pod: Pod, record: Record, projection: PodCertificateProjection): Promise<void> {
    if (record.refusal !== undefined) return
    const requests = await this.#follow()
    if (record.requested) this.#collect(pod, record, record.requested, requests)
    const now = this.#options.clock.now()
    this.#tellAge(pod, record, now)
    const due = !record.current || now >= record.current.beginRefreshAtMs
    if (due && !record.requested && record.refusal === undefined)
      record.requested = await this.#request(pod, projection)
  }

  /** Most nodes run no pod with certificates: requests are followed from the first one on. */
  async #follow(): Promise<Informer<PodCertificateRequest>> {
    const { informers, nodeName, onChange } = this.#options
    if (!this.#requests) {
      this.#requests = informers.of(PodCertificateRequest, { fieldSelector: `spec.nodeName=${nodeName}` })
      this.#requests.subscribe(({ object }) => {
        if (this.#records.has(object.spec.podUID)) onChange(object.spec.podUID)
      })
    }
    await this.#requests.synced()
    return this.#requests
  }

  #collect(pod: Pod, record: Record, requested: Requested, requests: Informer<PodCertificateRequest>): void {
    const { clock, random, event } = this.#options
    const request = requests.get(pod.metadata.namespace, requested.name)
    if (!request) {
      if (clock.now() > requested.abandonAtMs) record.requested = undefined
      return
    }
    const { conditions = [], certificateChain = '', beginRefreshAt, notAfter } = request.status
    for (const { type, reason, message } of conditions) {
      if (type === 'Denied' || type === 'Failed') {
        const verb = type === 'Denied' ? 'was denied' : 'failed'
        const quoted = `reason=${JSON.stringify(reason)}, message=${JSON.stringify(message)}`
        event(pod, type, `PodCertificateRequest ${pod.metadata.namespace}/${requested.name} ${verb}, ${quoted}`)
        record.refusal = `PodCertificateRequest was permanently ${type.toLowerCase()}: ${quoted.replace(', ', ' ')}`
        record.requested = undefined
      } else if (type === 'Issued') {
        record.current = {
          key: requested.key,
          chain: readPem(certificateChain)
            .map(({ bytes }) => toPem('CERTIFICATE', bytes))
            .join(''),
          beginRefreshAtMs: Date.parse(beginRefreshAt ?? '') + random() * jitterMs,
          notAfterMs: Date.parse(notAfter ?? ''),
        }
        record.requested = undefined
        record.overdueTold = false
        record.expiryTold = false
      }
    }
  }

  #tellAge(pod: Pod, record: Record, now: number): void {
    const { current } = record
    if (!current) return
    if (now > current.beginRefreshAtMs + overdueAfterMs && !record.overdueTold) {
      record.overdueTold = true
      this.#options.event(pod, 'CertificateOverdueForRefresh', 'PodCertificate refresh overdue')
    }
    if (now > current.notAfterMs && !record.expiryTold) {
      record.expiryTold = true
      this.#options.event(pod, 'CertificateExpired', 'PodCertificate expired')
    }
  }

  async #request(pod: Pod, projection: PodCertificateProjection): Promise<Requested> {
    const { client, clock, random, nodeName, nodeUid } = this.#options
    const { namespace, name, uid } = pod.metadata
    const serviceAccountName = pod.spec.serviceAccountName || 'default'
    const account = await client.of(ServiceAccount).get(namespace, serviceAccountName)
    const { privateKeyPem, request } = await makeStubRequest(projection.keyType)
    const { signerName, maxExpirationSeconds, userAnnotations } = projection
    const made = await client.of(PodCertificateRequest).create(namespace, {
      metadata: { generateName: 'req-', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] },
      spec: {
        signerName,
        podName: name,
        podUID: uid,
        serviceAccountName,
        serviceAccountUID: account.metadata.uid,
        nodeName,
        nodeUID: nodeUid(),
        stubPKCS10Request: request.toString('base64'),
        ...(maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }),
        ...(userAnnotations === undefined ? {} : { unverifiedUserAnnotations: userAnnotations }),
      },
    })
    return {
      name: made.metadata.name,
      key: privateKeyPem,
      abandonAtMs: clock.now() + abandonAfterMs + random() * jitterMs,
    }
  }
}
