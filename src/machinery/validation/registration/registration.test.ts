import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MutatingAdmissionPolicy } from '../../../api/admissionregistration/v1/mutating-admission-policy.ts'
import { ValidatingAdmissionPolicy } from '../../../api/admissionregistration/v1/validating-admission-policy.ts'
import { ValidatingAdmissionPolicyBinding } from '../../../api/admissionregistration/v1/validating-admission-policy-binding.ts'
import { ValidatingWebhookConfiguration } from '../../../api/admissionregistration/v1/validating-webhook-configuration.ts'
import { APIService } from '../../../api/apiregistration/v1/api-service.ts'
import { FlowSchema } from '../../../api/flowcontrol/v1/flow-schema.ts'
import { PriorityLevelConfiguration } from '../../../api/flowcontrol/v1/priority-level-configuration.ts'
import type { Kind } from '../../../schema/kind.ts'
import { applyDefaults } from '../../defaulting.ts'
import { validateObject } from '../validate.ts'

function errorsOf(kind: Kind, object: { metadata?: object } & Record<string, unknown>, old?: object): string[] {
  const copy = structuredClone({ ...object, metadata: { name: 'x', ...object.metadata } })
  applyDefaults(kind, copy)
  return validateObject(kind, copy, old, '').map(({ field, message }) => `${field}: ${message}`)
}

const rule = { operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['pods'] }
const hook = {
  name: 'a.example.com',
  clientConfig: { service: { namespace: 'default', name: 'hook', path: '/check' } },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [rule],
}

test('webhooks state one target, harmless side effects, known versions and sound rules', () => {
  const errors = (change: object) => errorsOf(ValidatingWebhookConfiguration, { webhooks: [{ ...hook, ...change }] })
  assert.deepEqual(errors({}), [])
  assert.deepEqual(errors({ name: 'a.b' }), [
    'webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
  ])
  assert.deepEqual(errors({ sideEffects: 'Unknown' }), [
    'webhooks[0].sideEffects: Unsupported value: "Unknown": supported values: "None", "NoneOnDryRun"',
  ])
  assert.deepEqual(errors({ clientConfig: {} }), [
    'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
  ])
  assert.deepEqual(errors({ clientConfig: { url: 'http://me@host/a?b' } }), [
    'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    'webhooks[0].clientConfig.url: Invalid value: "me": user information is not permitted in the URL',
    'webhooks[0].clientConfig.url: Invalid value: "b": query parameters are not permitted in the URL',
  ])
  assert.deepEqual(errors({ admissionReviewVersions: ['v9'] }), [
    'webhooks[0].admissionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
  ])
  assert.deepEqual(errors({ rules: [{ ...rule, resources: ['*/*', 'pods'] }] }), [
    'webhooks[0].rules[0].resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources',
  ])
  assert.deepEqual(errors({ timeoutSeconds: 31 }), [
    'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
  ])
})

test('policies need rules to match and something to demand or change', () => {
  const matchConstraints = { resourceRules: [rule] }
  const valid = { spec: { matchConstraints, validations: [{ expression: 'true' }] } }
  assert.deepEqual(errorsOf(ValidatingAdmissionPolicy, valid), [])
  assert.deepEqual(errorsOf(ValidatingAdmissionPolicy, { spec: { matchConstraints } }), [
    'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ])
  const mutation = { patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }
  const mutating = { spec: { matchConstraints, mutations: [mutation], reinvocationPolicy: 'Never' } }
  assert.deepEqual(errorsOf(MutatingAdmissionPolicy, mutating), [
    'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
    'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
  ])
  const binding = { spec: { policyName: 'p', validationActions: ['Deny', 'Warn'], paramRef: {} } }
  assert.deepEqual(errorsOf(ValidatingAdmissionPolicyBinding, binding), [
    'spec.paramRef: Required value: one of name or selector must be specified',
    'spec.paramRef.parameterNotFoundAction: Required value',
    'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
  ])
})

test('API services are named for what they serve; local ones have no certificates', () => {
  const spec = { group: 'a.example', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 }
  assert.deepEqual(errorsOf(APIService, { metadata: { name: 'v1.a.example' }, spec }), [])
  assert.deepEqual(
    errorsOf(APIService, { metadata: { name: 'v2.a.example' }, spec: { ...spec, versionPriority: 0 } }),
    [
      'metadata.name: Invalid value: "v2.a.example": must be `spec.version+"."+spec.group`: "v1.a.example"',
      'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
    ],
  )
  assert.deepEqual(
    errorsOf(APIService, { metadata: { name: 'v1.a.example' }, spec: { ...spec, insecureSkipTLSVerify: true } }),
    ['spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify'],
  )
})

test('flow schemas and priority levels keep upstream’s rules; the mandatory ones are fixed', () => {
  const rules = [
    {
      subjects: [{ kind: 'User', user: { name: 'a' } }],
      resourceRules: [{ verbs: ['get'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
    },
  ]
  const spec = { priorityLevelConfiguration: { name: 'l' }, rules }
  assert.deepEqual(errorsOf(FlowSchema, { spec }), [])
  assert.deepEqual(errorsOf(FlowSchema, { spec: { ...spec, matchingPrecedence: 1 } }), [
    "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  ])
  const fixed = errorsOf(FlowSchema, { metadata: { name: 'catch-all' }, spec })
  assert.match(fixed.join(), /spec of 'catch-all' must equal the fixed value/)
  const level = (queuing: object) =>
    errorsOf(PriorityLevelConfiguration, {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing } } },
    })
  assert.deepEqual(level({}), [])
  assert.deepEqual(level({ queues: 4, handSize: 5 }), [
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)',
  ])
  assert.deepEqual(level({ queues: 512, handSize: 8 }), [
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60',
  ])
})
