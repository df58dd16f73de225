/** Volumes of pods (upstream: ValidateVolumes, validateVolumeSource). */
import type { Volume } from '../../../api/core/v1/volume.ts'
import { duplicate, forbidden, invalid, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { type Errors, pushInvalid } from '../checks.ts'
import { checkClaimSpec } from './persistent-volume-claim.ts'
import { checkProjected } from './projected-volume.ts'
import { checkNoBackSteps } from './security-context.ts'
import { checkDownwardFile, checkItems, checkMode } from './volume-files.ts'

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
