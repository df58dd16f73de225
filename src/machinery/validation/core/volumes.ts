/** Volumes of pods (upstream: ValidateVolumes, validateVolumeSource). */
import type { Volume } from '../../../api/core/v1/volume.ts'
import { duplicate, forbidden, invalid, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { checkAnnotations, checkChoice, checkLabels, type Errors, pushInvalid } from '../checks.ts'
import { checkClaimSpec } from './persistent-volume-claim.ts'
import { checkDownwardFile, checkItems, checkMode, checkProjected } from './projected-volume.ts'
import { checkSources, checkUser, type Source } from './volume-sources.ts'

/** The order in which sources are looked at: the first one counts. */
const order = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
]

/** `podName` is '' where it is not known, as in a template. Gives the volumes that have no fault, by name. */
export function checkVolumes(
  out: Errors,
  path: string,
  volumes: readonly Volume[] | undefined,
  podName: string,
): ReadonlyMap<string, Volume> {
  const names = new Map<string, Volume>()
  const made = new Set(
    volumes?.filter(volume => volume.ephemeral && podName !== '').map(({ name }) => `${podName}-${name}`),
  )
  volumes?.forEach((volume, i) => {
    const at = `${path}[${i}]`
    const before = out.length
    checkSources(out, at, volume, order, { name: volume.name, isPersistent: false }, podSources)
    if (volume.ephemeral) checkClaimName(out, at, volume.name, podName)
    if (volume.name === '') out.push(required(`${at}.name`))
    else pushInvalid(out, `${at}.name`, volume.name, dns1123LabelErrors(volume.name))
    if (names.has(volume.name)) out.push(duplicate(`${at}.name`, volume.name))
    if (out.length === before) names.set(volume.name, volume)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim !== undefined && made.has(claim))
      out.push(
        invalid(
          `${at}.persistentVolumeClaim.claimName`,
          claim,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      )
  })
  return names
}

/** The claim of an ephemeral volume is named for the pod and the volume. */
function checkClaimName(out: Errors, path: string, name: string, podName: string): void {
  if (podName === '' || name === '') return
  const claim = `${podName}-${name}`
  const messages = dns1123SubdomainErrors(claim).map(message => `PVC name ${JSON.stringify(claim)}: ${message}`)
  pushInvalid(out, `${path}.name`, name, messages)
}

type Check = (out: Errors, path: string, source: Source) => void

/** Sources that pods alone have. */
const podSources: Readonly<Record<string, Check>> = {
  emptyDir: (out, path, { sizeLimit }) => {
    if (sizeLimit !== undefined && parseQuantity(sizeLimit).sign() < 0)
      out.push(forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
  },
  secret: (out, path, source) => {
    if (!source.secretName) out.push(required(`${path}.secretName`))
    checkFiles(out, path, source)
  },
  configMap: (out, path, source) => {
    if (source.name === '') out.push(required(`${path}.name`))
    checkFiles(out, path, source)
  },
  downwardAPI: (out, path, source) => {
    checkMode(out, `${path}.defaultMode`, source.defaultMode)
    checkUser(out, `${path}.defaultUser`, source.defaultUser)
    for (const file of source.items ?? []) checkDownwardFile(out, path, file)
  },
  projected: checkProjected,
  image: (out, path, { reference, pullPolicy }) => {
    if (!reference) out.push(required(`${path}.reference`))
    checkChoice(out, `${path}.pullPolicy`, pullPolicy ?? '', ['Always', 'IfNotPresent', 'Never'])
  },
  ephemeral: (out, path, { volumeClaimTemplate }) => {
    const at = `${path}.volumeClaimTemplate`
    if (!volumeClaimTemplate) {
      out.push(required(at))
      return
    }
    checkTemplateMeta(out, `${at}.metadata`, volumeClaimTemplate.metadata ?? {})
    checkClaimSpec(out, `${at}.spec`, volumeClaimTemplate.spec)
  },
}

function checkFiles(out: Errors, path: string, source: Source): void {
  checkMode(out, `${path}.defaultMode`, source.defaultMode)
  checkUser(out, `${path}.defaultUser`, source.defaultUser)
  checkItems(out, `${path}.items`, source.items)
}

/** In the order of ObjectMeta's fields. */
const metaFields = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

/** Only labels and annotations are taken over from a template. */
export function checkTemplateMeta(out: Errors, path: string, metadata: Readonly<Record<string, unknown>>): void {
  checkAnnotations(out, `${path}.annotations`, metadata.annotations as Record<string, string>)
  checkLabels(out, `${path}.labels`, metadata.labels as Record<string, string>)
  for (const field of metaFields)
    if (metadata[field] !== undefined)
      out.push(forbidden(`${path}.${field === 'uid' ? 'uID' : field}`, 'cannot be set'))
}
