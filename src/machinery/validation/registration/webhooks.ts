/** Webhook configurations, and how webhooks are reached. */
import type { MutatingWebhookConfiguration } from '../../../api/admissionregistration/v1/mutating-webhook-configuration.ts'
import type {
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/admissionregistration/v1/validating-webhook-configuration.ts'
import type { WebhookClientConfig } from '../../../api/admissionregistration/v1/webhook-client-config.ts'
import { duplicate, invalid, notSupported, required } from '../../../schema/field-error.ts'
import {
  dns1035LabelErrors,
  dns1123SubdomainErrors,
  fullyQualifiedNameErrors,
  portErrors,
} from '../../../schema/formats.ts'
import { admissionVariables } from '../../cel/admission-environment.ts'
import { compileFor } from '../../cel/policy-expressions.ts'
import { checkLabelSelector, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkMatchConditions, checkRule } from './rules.ts'

const reviewVersions = ['v1', 'v1beta1']
const harmless = ['None', 'NoneOnDryRun']

/** What an older object may keep that a new one may not have. */
interface Tolerated {
  readonly sideEffects: boolean
  readonly reviewVersions: boolean
  readonly sameNames: boolean
  readonly matchConditions: boolean
}
const nothing: Tolerated = { sideEffects: false, reviewVersions: false, sameNames: false, matchConditions: false }

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

export const checkWebhooks = (out: Errors, configuration: Configuration): void =>
  checkAll(out, configuration.webhooks, nothing)

export function checkWebhooksUpdate(out: Errors, configuration: Configuration, old: Configuration): void {
  const before: readonly ValidatingWebhook[] = old.webhooks ?? []
  const now: readonly ValidatingWebhook[] = configuration.webhooks ?? []
  checkAll(out, configuration.webhooks, {
    sideEffects: before.some(hook => !harmless.includes(hook.sideEffects ?? '')),
    reviewVersions: before.some(hook => hook.admissionReviewVersions?.every(one => !reviewVersions.includes(one))),
    sameNames: new Set(before.map(hook => hook.name)).size < before.length,
    matchConditions:
      now.length === before.length && now.every((hook, i) => isSame(hook.matchConditions, before[i]?.matchConditions)),
  })
}

function checkAll(out: Errors, hooks: readonly ValidatingWebhook[] | undefined, tolerated: Tolerated): void {
  const names = new Set<string>()
  hooks?.forEach((hook, i) => {
    const at = `webhooks[${i}]`
    checkWebhook(out, at, hook, tolerated)
    checkReviewVersions(out, `${at}.admissionReviewVersions`, hook.admissionReviewVersions ?? [], tolerated)
    if (names.has(hook.name) && hook.name !== '' && !tolerated.sameNames) out.push(duplicate(`${at}.name`, hook.name))
    names.add(hook.name)
  })
}

function checkWebhook(out: Errors, path: string, hook: ValidatingWebhook, tolerated: Tolerated): void {
  if (hook.name === '') out.push(required(`${path}.name`))
  else pushInvalid(out, `${path}.name`, hook.name, fullyQualifiedNameErrors(hook.name))
  hook.rules?.forEach((rule, i) => {
    checkRule(out, `${path}.rules[${i}]`, rule)
  })
  const allowed = tolerated.sideEffects ? [...harmless, 'Some', 'Unknown'] : harmless
  if (hook.sideEffects === undefined)
    out.push(required(`${path}.sideEffects`, `must specify one of ${allowed.join(', ')}`))
  else if (!allowed.includes(hook.sideEffects)) out.push(notSupported(`${path}.sideEffects`, hook.sideEffects, allowed))
  const timeout = hook.timeoutSeconds
  if (timeout !== undefined && (timeout > 30 || timeout < 1))
    out.push(invalid(`${path}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds'))
  checkLabelSelector(out, `${path}.namespaceSelector`, hook.namespaceSelector)
  checkLabelSelector(out, `${path}.objectSelector`, hook.objectSelector)
  checkClientConfig(out, `${path}.clientConfig`, hook.clientConfig)
  if (!tolerated.matchConditions) {
    checkMatchConditions(out, `${path}.matchConditions`, hook.matchConditions, (at, expression) => {
      const compiled = compileFor('condition', expression, { variables: admissionVariables({ authorizer: true }) })
      if ('error' in compiled) out.push(invalid(at, expression, compiled.error))
    })
  }
}

function checkReviewVersions(out: Errors, path: string, versions: readonly string[], tolerated: Tolerated): void {
  if (versions.length === 0) return void out.push(required(path, `must specify one of ${reviewVersions.join(', ')}`))
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) out.push(invalid(`${path}[${i}]`, version, 'duplicate version'))
    else pushInvalid(out, `${path}[${i}]`, version, dns1035LabelErrors(version))
  })
  if (!tolerated.reviewVersions && !versions.some(version => reviewVersions.includes(version)))
    out.push(invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`))
}

/** Exactly one of URL and service, and that one sound. */
export function checkClientConfig(out: Errors, path: string, config: WebhookClientConfig): void {
  const { url, service } = config
  if ((url === undefined) === (service === undefined))
    return void out.push(required(path, 'exactly one of url or service is required'))
  if (url !== undefined) {
    checkWebhookUrl(out, `${path}.url`, url)
    return
  }
  const at = `${path}.service`
  // Upstream mistakes one for the other.
  if (!service?.namespace) out.push(required(`${at}.name`))
  if (!service?.name) out.push(required(`${at}.namespace`))
  const port = service?.port ?? 0
  const wrong = portErrors(port)
  if (wrong.length > 0) out.push(invalid(`${at}.port`, port, `port is not valid: ${wrong.join(', ')}`))
  if (service?.path) checkServicePath(out, `${at}.path`, service.path)
}

const form = '; desired format: https://host[/path]'

function checkWebhookUrl(out: Errors, path: string, text: string): void {
  const match =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^/?#]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(text)
  if (!match || /[\p{Cc} ]/u.test(text)) {
    const why = `parse ${JSON.stringify(text)}: net/url: invalid control character in URL`
    return void out.push(required(path, `url must be a valid URL: ${why}${form}`))
  }
  const [, scheme = '', user, host = '', , query = '', fragment = ''] = match
  if (scheme !== 'https') out.push(invalid(path, scheme, `'https' is the only allowed URL scheme${form}`))
  if (host === '') out.push(invalid(path, host, `host must be specified${form}`))
  if (user !== undefined) out.push(invalid(path, user, 'user information is not permitted in the URL'))
  if (fragment !== '') out.push(invalid(path, fragment, 'fragments are not permitted in the URL'))
  if (query !== '') out.push(invalid(path, query, 'query parameters are not permitted in the URL'))
}

function checkServicePath(out: Errors, path: string, text: string): void {
  if (text === '/') return
  if (text === '//') return void out.push(invalid(path, text, 'segment[0] may not be empty'))
  if (!text.startsWith('/')) out.push(invalid(path, text, "must start with a '/'"))
  const steps = text.slice(1).replace(/\/$/, '').split('/')
  steps.forEach((step, i) => {
    if (step === '') out.push(invalid(path, text, `segment[${i}] may not be empty`))
    else
      pushInvalid(
        out,
        path,
        text,
        dns1123SubdomainErrors(step).map(message => `segment[${i}]: ${message}`),
      )
  })
}
