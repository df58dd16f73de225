/** Files of one volume that hide each other (upstream: warningsForOverlappingVirtualPaths). */
import type { Volume } from '../../api/core/v1/volume.ts'

interface Target {
  readonly path: string
  readonly source: string
}

type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number]

const quoted = (text: string): string => JSON.stringify(text)
const shown = ({ path, source }: Target): string => (source === '' ? quoted(path) : `${quoted(path)} (${source})`)

function overlaps(targets: readonly Target[]): string[] {
  const seen: Target[] = []
  const found: string[] = []
  for (const { path, source } of targets) {
    const target = { path: path.replace(/\/+$/, ''), source }
    for (const other of seen) if (hides(target.path, other.path)) found.push(`${shown(target)} with ${shown(other)}`)
    seen.push(target)
  }
  return found
}

const hides = (a: string, b: string): boolean =>
  a !== '' && b !== '' && (`${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`))

const targetsOf = (files: readonly { path: string }[] | undefined, source: string): Target[] =>
  (files ?? []).map(({ path }) => ({ path, source }))

function projectedTargets(source: Projection): Target[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (configMap?.items) return targetsOf(configMap.items, `ConfigMap ${quoted(configMap.name)}`)
  if (secret?.items) return targetsOf(secret.items, `Secret ${quoted(secret.name)}`)
  if (downwardAPI?.items) return targetsOf(downwardAPI.items, 'DownwardAPI')
  if (serviceAccountToken) return targetsOf([serviceAccountToken], 'ServiceAccountToken')
  if (clusterTrustBundle) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? ''
    return targetsOf([clusterTrustBundle], `ClusterTrustBundle ${quoted(name)}`)
  }
  if (!podCertificate) return []
  const { certificateChainPath = '', keyPath = '', credentialBundlePath = '' } = podCertificate
  return [
    { path: certificateChainPath, source: 'PodCertificate chain' },
    { path: keyPath, source: 'PodCertificate key' },
    { path: credentialBundlePath, source: 'PodCertificate credential bundle' },
  ].filter(({ path }) => path !== '')
}

function volumeWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const warn = (what: string, targets: readonly Target[]) =>
    overlaps(targets).map(body => `volume ${quoted(name)} (${what}): overlapping paths: ${body}`)
  const found: string[] = []
  if (configMap) found.push(...warn(`ConfigMap ${quoted(configMap.name)}`, targetsOf(configMap.items, '')))
  if (secret) found.push(...warn(`Secret ${quoted(secret.secretName ?? '')}`, targetsOf(secret.items, '')))
  if (downwardAPI) found.push(...warn('DownwardAPI', targetsOf(downwardAPI.items, '')))
  const targets: Target[] = []
  for (const source of projected?.sources ?? []) {
    if (Object.values(source).every(value => value === undefined))
      found.push(`volume ${quoted(name)} (Projected) has no sources provided`)
    else targets.push(...projectedTargets(source))
  }
  return [...found, ...warn('Projected', targets)]
}

export const overlappingPathWarnings = (volumes: readonly Volume[] | undefined): string[] =>
  (volumes ?? []).flatMap(volumeWarnings)
