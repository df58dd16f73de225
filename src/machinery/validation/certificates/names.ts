/** Names of signers, and of the bundles that belong to them. */
import { invalid, required, tooLong } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import type { Errors } from '../checks.ts'

const longestDomain = 253
const longestSigner = longestDomain + 253 + 63 + 2

/** `example.com/serving`: a domain of two labels at least, and a path. */
export function checkSignerName(out: Errors, path: string, signerName: string): void {
  if (signerName === '') {
    out.push(required(path))
    return
  }
  const [domain, name, ...rest] = signerName.split('/')
  if (domain === undefined || name === undefined || rest.length > 0) {
    out.push(
      invalid(path, signerName, "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
    )
    return
  }
  if (domain.length > longestDomain) out.push(tooLong(path, longestDomain))
  const labels = domain.split('.')
  checkFirstBad(out, path, domain, labels, dns1123LabelErrors)
  if (labels.length < 2) {
    out.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  }
  checkFirstBad(out, path, name, name.split('.'), dns1123SubdomainErrors)
  if (signerName.length > longestSigner) out.push(tooLong(path, longestSigner))
}

function checkFirstBad(
  out: Errors,
  path: string,
  whole: string,
  labels: readonly string[],
  errorsOf: (label: string) => string[],
): void {
  const bad = labels.find(label => errorsOf(label).length > 0)
  if (bad === undefined) return
  for (const error of errorsOf(bad)) {
    out.push(invalid(path, whole, `validating label ${JSON.stringify(bad)}: ${error}`))
  }
}

/** A bundle of a signer begins with the signer's name, in which a colon stands for the slash. */
export function trustBundleNameErrors(signerName: string, name: string, errorsOf = dns1123SubdomainErrors): string[] {
  if (signerName === '') {
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : errorsOf(name)
  }
  const prefix = `${signerName.replaceAll('/', ':')}:`
  return name.startsWith(prefix)
    ? errorsOf(name.slice(prefix.length))
    : [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`]
}

/** Signers of the project's own domain, which issue for a day at most. */
export const isOfKubernetes = (signerName: string): boolean => {
  const [domain = ''] = signerName.split('/')
  return domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io')
}
