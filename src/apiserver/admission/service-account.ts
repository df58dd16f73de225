/** Gives pods their service account and its token (Kubernetes documentation, "ServiceAccount admission controller"; KEP-1205). */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { Volume } from '../../api/core/v1/volume.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { isPod, metadataOf, mirrorAnnotation, refusal, setSpec } from './refusal.ts'

const volumePrefix = 'kube-api-access-'
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
/** The token issuer knows by this figure that the token may be extended for clients that never read it again. */
const tokenExpirationSeconds = 3607
/** Letters and digits that make no words, as in all generated names. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

const tokenVolume = (name: string): Volume =>
  ({
    name,
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: tokenExpirationSeconds } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  }) as Volume

/** A volume or an environment variable from a Secret. */
function usesSecrets({ volumes = [], containers, initContainers = [] }: PodSpec): boolean {
  return (
    volumes.some(volume => volume.secret !== undefined) ||
    [...containers, ...initContainers].some(
      ({ env = [], envFrom = [] }) =>
        env.some(one => one.valueFrom?.secretKeyRef !== undefined) || envFrom.some(one => one.secretRef !== undefined),
    )
  )
}

export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount'
  readonly #reader: ObjectReader
  readonly #random: () => number

  /** `random` gives numbers in [0, 1). */
  constructor(reader: ObjectReader, random: () => number) {
    this.#reader = reader
    this.#random = random
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!isPod(attributes) || attributes.operation !== 'CREATE') return
    const { spec } = attributes.object as unknown as Pod
    if (metadataOf(attributes.object).annotations?.[mirrorAnnotation] !== undefined)
      return checkMirrorPod(attributes, spec)
    const name = spec.serviceAccountName || 'default'
    const account = await this.#account(attributes, name)
    setSpec(attributes, { serviceAccountName: name, serviceAccount: name })
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)
      setSpec(attributes, this.#withToken(spec))
    const { imagePullSecrets = [] } = account
    if (!spec.imagePullSecrets?.length && imagePullSecrets.length > 0)
      setSpec(attributes, { imagePullSecrets: imagePullSecrets.map(secret => ({ ...secret })) })
  }

  async #account(attributes: AdmissionAttributes, name: string): Promise<ServiceAccount> {
    const { namespace } = attributes
    const account =
      this.#reader.get(ServiceAccount, namespace, name) ??
      (await this.#reader.getFresh(ServiceAccount, namespace, name))
    if (account) return account
    throw refusal(
      attributes,
      `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    )
  }

  /** The token in every container that has nothing else at its place. */
  #withToken({ volumes = [], containers, initContainers }: PodSpec): Partial<PodSpec> {
    const existing = volumes.find(volume => volume.name.startsWith(volumePrefix))
    const name = existing?.name ?? this.#freeName(volumes)
    let needed = false
    const mounted = (container: Container): Container => {
      const { volumeMounts = [] } = container
      if (volumeMounts.some(mount => mount.mountPath === mountPath)) return container
      needed = true
      return { ...container, volumeMounts: [...volumeMounts, { name, readOnly: true, mountPath }] }
    }
    const changed = {
      ...(initContainers ? { initContainers: initContainers.map(mounted) } : {}),
      ...(containers ? { containers: containers.map(mounted) } : {}),
    }
    return needed && !existing ? { ...changed, volumes: [...volumes, tokenVolume(name)] } : changed
  }

  #freeName(volumes: readonly Volume[]): string {
    for (;;) {
      const letters = Array.from(
        { length: 5 },
        () => suffixAlphabet[Math.floor(this.#random() * suffixAlphabet.length)],
      )
      const name = `${volumePrefix}${letters.join('')}`
      if (!volumes.some(volume => volume.name === name)) return name
    }
  }
}

/** Nobody checked what a mirror pod asks for when the kubelet started it, so it may ask for nothing of the cluster. */
function checkMirrorPod(attributes: AdmissionAttributes, spec: PodSpec): void {
  if (spec.serviceAccountName) throw refusal(attributes, 'a mirror pod may not reference service accounts')
  if (usesSecrets(spec)) throw refusal(attributes, 'a mirror pod may not reference secrets')
  const projectsToken = spec.volumes?.some(({ projected }) => projected?.sources?.some(s => s.serviceAccountToken))
  if (projectsToken) throw refusal(attributes, 'a mirror pod may not use ServiceAccountToken volume projections')
}
