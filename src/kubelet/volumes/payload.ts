/** The files of volumes that show API objects: configMap, secret, downwardAPI, projected. */
import type { ConfigMap } from '../../api/core/v1/config-map.ts'
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Secret } from '../../api/core/v1/secret.ts'
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../../api/core/v1/volume.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import { type FieldFacts, fieldValue, resourceValue } from '../containers/field-values.ts'
import type { PayloadFile } from './atomic-writer.ts'
import type { Credentials } from './pod-certificates.ts'

export interface PayloadFacts extends FieldFacts {
  readonly allocatable: Readonly<Record<string, string>>
  configMap(name: string): Promise<ConfigMap>
  secret(name: string): Promise<Secret>
  token(projection: ServiceAccountTokenProjection): Promise<string>
  /** Trust anchors in PEM. */
  anchors(projection: ClusterTrustBundleProjection): Promise<string>
  certificate(volume: string, index: number, projection: PodCertificateProjection): Promise<Credentials>
}

const defaultMode = 0o644
/** Tokens are readable by their owner alone, unless the pod runs as somebody else. */
const tokenMode = 0o600

type Files = Map<string, PayloadFile>

/** `data` by key as files by path; all keys where no items are named. */
function pick(
  data: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
  user?: number,
): Files {
  const owner = user === undefined ? {} : { user }
  if (!items || items.length === 0)
    return new Map([...data].map(([key, content]) => [key, { content, mode, ...owner }]))
  const files: Files = new Map()
  for (const item of items) {
    const content = data.get(item.key)
    if (content) {
      const itemOwner = item.user === undefined ? owner : { user: item.user }
      files.set(item.path, { content, mode: item.mode ?? mode, ...itemOwner })
    } else if (!optional) throw new Error(`references non-existent config key: ${item.key}`)
  }
  return files
}

async function orNothing<T>(read: Promise<T>, optional: boolean): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (optional && isNotFound(error)) return undefined
    throw error
  }
}

function configMapData(object: ConfigMap | undefined): Map<string, Uint8Array> {
  return new Map([
    ...Object.entries(object?.data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(object?.binaryData ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
  ])
}

const secretData = (object: Secret | undefined): Map<string, Uint8Array> =>
  new Map(Object.entries(object?.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]))

function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[] | undefined,
  mode: number,
  facts: PayloadFacts,
  user?: number,
): Files {
  const nobody = pod.spec.containers[0] as Container
  return new Map(
    (items ?? []).map(item => {
      const text = item.fieldRef
        ? fieldValue(pod, item.fieldRef.fieldPath, facts)
        : item.resourceFieldRef
          ? resourceValue(pod, nobody, item.resourceFieldRef, facts.allocatable)
          : ''
      const owner = item.user ?? user
      return [
        item.path,
        { content: Buffer.from(text), mode: item.mode ?? mode, ...(owner === undefined ? {} : { user: owner }) },
      ]
    }),
  )
}

/** The one user that all containers run as; undefined if there is none, or several. */
function commonUser(pod: Pod): number | undefined {
  const users = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(
    container => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser,
  )
  return users.every(user => user === users[0]) ? users[0] : undefined
}

/** Files of the pod's own identity: where somebody is to own them, nobody else reads them. */
function ownFiles(pod: Pod, texts: ReadonlyMap<string, string>, mode: number, user: number | undefined): Files {
  const owner = user ?? commonUser(pod)
  const isOwned = owner !== undefined || pod.spec.securityContext?.fsGroup !== undefined
  const facts = { mode: isOwned ? tokenMode : mode, ...(owner === undefined ? {} : { user: owner }) }
  return new Map([...texts].map(([path, text]) => [path, { content: Buffer.from(text), ...facts }]))
}

async function projectionFiles(
  pod: Pod,
  volume: string,
  index: number,
  source: VolumeProjection,
  mode: number,
  facts: PayloadFacts,
  user: number | undefined,
): Promise<Files> {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (configMap) {
    const object = await orNothing(facts.configMap(configMap.name), configMap.optional ?? false)
    return pick(configMapData(object), configMap.items, mode, configMap.optional ?? false, user)
  }
  if (secret) {
    const object = await orNothing(facts.secret(secret.name), secret.optional ?? false)
    return pick(secretData(object), secret.items, mode, secret.optional ?? false, user)
  }
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items, mode, facts, user)
  if (serviceAccountToken) {
    const { path, user: own } = serviceAccountToken
    return ownFiles(pod, new Map([[path, await facts.token(serviceAccountToken)]]), mode, own)
  }
  if (clusterTrustBundle) {
    const { path, user: own } = clusterTrustBundle
    return ownFiles(pod, new Map([[path, await facts.anchors(clusterTrustBundle)]]), mode, own)
  }
  if (podCertificate) {
    const { key, chain } = await facts.certificate(volume, index, podCertificate)
    const { credentialBundlePath, keyPath, certificateChainPath, user: own } = podCertificate
    const texts = [
      [credentialBundlePath, key + chain],
      [keyPath, key],
      [certificateChainPath, chain],
    ] as const
    return ownFiles(pod, new Map(texts.flatMap(([path, text]) => (path ? [[path, text] as const] : []))), mode, own)
  }
  throw new Error(`projected volumes do not support ${Object.keys(source).join(', ') || 'an empty source'}`)
}

/** The files of a volume; undefined if it is of another type. Throws ApiError while an object is missing. */
export async function volumePayload(pod: Pod, volume: Volume, facts: PayloadFacts): Promise<Files | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap) {
    const optional = configMap.optional ?? false
    const object = await orNothing(facts.configMap(configMap.name), optional)
    return pick(
      configMapData(object),
      configMap.items,
      configMap.defaultMode ?? defaultMode,
      optional,
      configMap.defaultUser,
    )
  }
  if (secret) {
    const optional = secret.optional ?? false
    const object = await orNothing(facts.secret(secret.secretName ?? ''), optional)
    return pick(secretData(object), secret.items, secret.defaultMode ?? defaultMode, optional, secret.defaultUser)
  }
  if (downwardAPI)
    return downwardFiles(pod, downwardAPI.items, downwardAPI.defaultMode ?? defaultMode, facts, downwardAPI.defaultUser)
  if (!projected) return undefined
  const files: Files = new Map()
  for (const [index, source] of (projected.sources ?? []).entries()) {
    const mode = projected.defaultMode ?? defaultMode
    const more = await projectionFiles(pod, volume.name, index, source, mode, facts, projected.defaultUser)
    for (const [path, file] of more) files.set(path, file)
  }
  return files
}
