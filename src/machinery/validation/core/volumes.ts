/** Volumes of pods (upstream: ValidateVolumes, validateVolumeSource). */
import type { KeyToPath, Volume } from '../../../api/core/v1/volume.ts'
import { duplicate, forbidden, invalid, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { checkLabelSelector, type Errors, pushInvalid } from '../checks.ts'
import { checkResourceFieldRef, checkVolumeFieldRef } from './env.ts'
import { checkClaimSpec } from './persistent-volume-claim.ts'
import { checkDescending, checkNoBackSteps } from './security-context.ts'

export function checkVolumes(out: Errors, path: string, volumes: readonly Volume[] | undefined, podName: string): void {
  const names = new Set<string>()
  volumes?.forEach((volume, i) => {
    const at = `${path}[${i}]`
    if (volume.name !== '') {
      const messages = dns1123LabelErrors(volume.name)
      pushInvalid(out, `${at}.name`, volume.name, messages)
      if (messages.length === 0 && names.has(volume.name)) out.push(duplicate(`${at}.name`, volume.name))
      names.add(volume.name)
    }
    checkSource(out, at, volume, podName)
  })
}

function checkSource(out: Errors, path: string, volume: Volume, podName: string): void {
  const set = Object.entries(volume).filter(([name, source]) => name !== 'name' && source !== undefined)
  if (set.length === 0) out.push(required(path, 'must specify a volume type'))
  for (const [name] of set.slice(1)) {
    out.push(forbidden(`${path}.${name}`, 'may not specify more than 1 volume type'))
  }
  if (volume.hostPath) checkNoBackSteps(out, `${path}.hostPath.path`, volume.hostPath.path)
  if (volume.emptyDir) {
    const limit = volume.emptyDir.sizeLimit
    if (limit !== undefined && parseQuantity(limit).sign() < 0) {
      out.push(forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
    }
  }
  if (volume.nfs && volume.nfs.path !== '' && !volume.nfs.path.startsWith('/')) {
    out.push(invalid(`${path}.nfs.path`, volume.nfs.path, 'must be an absolute path'))
  }
  if (volume.secret) {
    if (!volume.secret.secretName) out.push(required(`${path}.secret.secretName`))
    checkMode(out, `${path}.secret.defaultMode`, volume.secret.defaultMode)
    checkItems(out, `${path}.secret.items`, volume.secret.items)
  }
  if (volume.configMap) {
    if (volume.configMap.name === '') out.push(required(`${path}.configMap.name`))
    checkMode(out, `${path}.configMap.defaultMode`, volume.configMap.defaultMode)
    checkItems(out, `${path}.configMap.items`, volume.configMap.items)
  }
  if (volume.downwardAPI) {
    checkMode(out, `${path}.downwardAPI.defaultMode`, volume.downwardAPI.defaultMode)
    volume.downwardAPI.items?.forEach((file, i) => {
      checkDownwardFile(out, `${path}.downwardAPI.items[${i}]`, file)
    })
  }
  if (volume.projected) checkProjected(out, `${path}.projected`, volume.projected)
  if (volume.csi && volume.csi.driver !== '') checkDriver(out, `${path}.csi.driver`, volume.csi.driver)
  if (volume.ephemeral) checkEphemeral(out, `${path}.ephemeral`, volume.ephemeral, `${podName}-${volume.name}`)
}

/** Upstream: ValidateCSIDriverName. */
export function checkDriver(out: Errors, path: string, driver: string): void {
  if (driver.length > 63)
    out.push({ reason: 'FieldValueTooLong', field: path, message: 'Too long: may not be more than 63 bytes' })
  pushInvalid(out, path, driver, dns1123SubdomainErrors(driver.toLowerCase()))
}

const modeMessage = 'must be a number between 0 and 0777 (octal), both inclusive'

function checkMode(out: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) out.push(invalid(path, mode, modeMessage))
}

function checkItems(out: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  items?.forEach((item, i) => {
    if (item.path !== '') checkProjectedPath(out, `${path}[${i}].path`, item.path)
    checkMode(out, `${path}[${i}].mode`, item.mode)
  })
}

function checkProjectedPath(out: Errors, path: string, target: string): void {
  checkDescending(out, path, target)
  if (target.startsWith('..') && !target.startsWith('../')) out.push(invalid(path, target, "must not start with '..'"))
}

type Projected = NonNullable<Volume['projected']>
type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number]

function checkDownwardFile(out: Errors, path: string, file: DownwardFile): void {
  if (file.path !== '') checkProjectedPath(out, `${path}.path`, file.path)
  if (file.fieldRef) {
    checkVolumeFieldRef(out, `${path}.fieldRef`, file.fieldRef)
    if (file.resourceFieldRef)
      out.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
  } else if (file.resourceFieldRef) checkResourceFieldRef(out, `${path}.resourceFieldRef`, file.resourceFieldRef, true)
  else out.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  checkMode(out, `${path}.mode`, file.mode)
}

function checkProjected(out: Errors, path: string, projected: Projected): void {
  checkMode(out, `${path}.defaultMode`, projected.defaultMode)
  const paths = new Set<string>()
  const claimPath = (at: string, target: string): void => {
    if (target === '') return
    if (paths.has(target)) out.push(invalid(path, target, 'conflicting duplicate paths'))
    paths.add(target)
    checkProjectedPath(out, at, target)
  }
  projected.sources?.forEach((source, i) => {
    const at = `${path}.sources[${i}]`
    const set = Object.keys(source)
    for (const name of set.slice(1))
      out.push(forbidden(`${at}.${name}`, 'may not specify more than 1 volume type per source'))
    for (const name of ['secret', 'configMap'] as const) {
      const projection = source[name]
      if (!projection) continue
      if (projection.name === '') out.push(required(`${at}.${name}.name`))
      projection.items?.forEach((item, j) => {
        claimPath(`${at}.${name}.items[${j}].path`, item.path)
        checkMode(out, `${at}.${name}.items[${j}].mode`, item.mode)
      })
    }
    source.downwardAPI?.items?.forEach((file, j) => {
      checkDownwardFile(out, `${at}.downwardAPI.items[${j}]`, file)
      if (file.path !== '' && paths.has(file.path)) out.push(invalid(path, file.path, 'conflicting duplicate paths'))
      paths.add(file.path)
    })
    if (source.serviceAccountToken) {
      const { expirationSeconds, path: target } = source.serviceAccountToken
      if ((expirationSeconds ?? 3600) < 600) {
        out.push(
          invalid(
            `${at}.serviceAccountToken.expirationSeconds`,
            expirationSeconds,
            'may not specify a duration less than 10 minutes',
          ),
        )
      } else if ((expirationSeconds ?? 3600) > 2 ** 32) {
        out.push(
          invalid(
            `${at}.serviceAccountToken.expirationSeconds`,
            expirationSeconds,
            'may not specify a duration larger than 2^32 seconds',
          ),
        )
      }
      claimPath(`${at}.serviceAccountToken.path`, target)
    }
    if (source.clusterTrustBundle) {
      const bundle = source.clusterTrustBundle
      if (bundle.name !== undefined && bundle.signerName !== undefined) {
        out.push(invalid(`${at}.clusterTrustBundle`, bundle, 'only one of name and signerName may be used'))
      } else if (bundle.name === undefined && bundle.signerName === undefined) {
        out.push(required(`${at}.clusterTrustBundle`, 'either name or signerName must be specified'))
      }
      checkLabelSelector(out, `${at}.clusterTrustBundle.labelSelector`, bundle.labelSelector)
      claimPath(`${at}.clusterTrustBundle.path`, bundle.path)
    }
  })
}

function checkEphemeral(out: Errors, path: string, source: NonNullable<Volume['ephemeral']>, claimName: string): void {
  if (!source.volumeClaimTemplate) {
    out.push(required(`${path}.volumeClaimTemplate`))
    return
  }
  const messages = dns1123SubdomainErrors(claimName)
  if (!claimName.startsWith('-')) {
    pushInvalid(
      out,
      path.replace(/\.ephemeral$/, '.name'),
      claimName,
      messages.map(message => `PVC name ${JSON.stringify(claimName)}: ${message}`),
    )
  }
  checkClaimSpec(out, `${path}.volumeClaimTemplate.spec`, source.volumeClaimTemplate.spec)
}
