/** Upstream: kube-aggregator's apis/apiregistration/validation. */
import type { APIService } from '../../../api/apiregistration/v1/api-service.ts'
import { invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1035LabelErrors, dns1123SubdomainErrors, portErrors } from '../../../schema/formats.ts'
import { type Errors, pushInvalid } from '../checks.ts'

export function checkApiService(out: Errors, { spec }: APIService): void {
  const { group = '', version = '', service } = spec
  if (group === '' && version !== 'v1')
    out.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  if (group !== '') pushInvalid(out, 'spec.group', group, dns1123SubdomainErrors(group))
  pushInvalid(out, 'spec.version', version, dns1035LabelErrors(version))
  const priorities = [
    ['groupPriorityMinimum', 20_000],
    ['versionPriority', 1000],
  ] as const
  for (const [field, most] of priorities) {
    if (spec[field] <= 0 || spec[field] > most)
      out.push(invalid(`spec.${field}`, spec[field], `must be positive and less than ${most}`))
  }
  if (!service) {
    const bytes = Buffer.from(spec.caBundle ?? '', 'base64').length
    if (bytes > 0) out.push(invalid('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle'))
    if (spec.insecureSkipTLSVerify)
      out.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'))
    return
  }
  if (!service.namespace) out.push(required('spec.service.namespace'))
  if (!service.name) out.push(required('spec.service.name'))
  const port = service.port ?? 0
  const wrong = portErrors(port)
  if (wrong.length > 0) out.push(invalid('spec.service.port', port, `port is not valid: ${wrong.join(', ')}`))
  if (spec.insecureSkipTLSVerify && spec.caBundle)
    out.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
}

export function checkApiServiceStatus(out: Errors, { status }: APIService): void {
  status.conditions?.forEach((condition, i) => {
    const values = ['True', 'False', 'Unknown']
    if (!values.includes(condition.status))
      out.push(notSupported(`status.conditions[${i}].status`, condition.status, values))
  })
}
