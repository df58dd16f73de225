import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typeCheck } from './type-check.ts'

const policyOf = (validations: object[], more: object = {}) =>
  ({
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*'], resources: ['deployments'] }],
      },
      validations,
      ...more,
    },
  }) as never

test('expressions that fit the declared types give no warning', () => {
  const expressions = [
    'object.spec.replicas > 1 && object.spec.template.spec.containers.all(c, c.image.startsWith("a"))',
    "object.metadata.labels['app'] == 'web' && object.kind == 'Deployment'",
    'object.status.conditions.exists(c, c.lastTransitionTime < timestamp("2026-01-01T00:00:00Z"))',
    'object.spec.strategy.rollingUpdate.maxSurge == 1',
    'has(object.spec.template.spec.containers[0].resources.limits.cpu) && request.userInfo.groups.size() > 0',
    'variables.big && authorizer.path("/x").check("get").allowed()',
  ]
  const variables = [{ name: 'big', expression: 'object.spec.replicas > 5' }]
  assert.deepEqual(
    typeCheck(
      policyOf(
        expressions.map(expression => ({ expression })),
        { variables },
      ),
    ),
    [],
  )
})

test('confused types and unknown fields are told with their place', () => {
  const warnings = typeCheck(
    policyOf(
      [
        { expression: "object.spec.replicas > '1'", messageExpression: "'got ' + object.spec.replicas" },
        { expression: 'object.spec.nothing == 1' },
        { expression: 'variables.name.size() > object.spec.replicas' },
      ],
      { variables: [{ name: 'name', expression: 'object.spec.replicas' }] },
    ),
  )
  assert.deepEqual(
    warnings.map(({ fieldRef }) => fieldRef),
    [
      'spec.validations[0].expression',
      'spec.validations[0].messageExpression',
      'spec.validations[1].expression',
      'spec.validations[2].expression',
    ],
  )
  assert.match(
    warnings[0]?.warning ?? '',
    /^apps\/v1, Kind=Deployment: compilation failed: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '\(int, string\)'/,
  )
  assert.match(warnings[1]?.warning ?? '', /'_\+_' applied to '\(string, int\)'/)
  assert.match(warnings[2]?.warning ?? '', /undefined field 'nothing'/)
})

test('wildcards and unknown kinds are not checked', () => {
  const rules = (resourceRules: object[]) => ({ matchConstraints: { resourceRules } })
  const wrong = [{ expression: "object.spec.replicas > '1'" }]
  const wildcard = { apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }
  assert.deepEqual(typeCheck(policyOf(wrong, rules([wildcard]))), [])
  const unknown = { apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['things'] }
  assert.deepEqual(typeCheck(policyOf(wrong, rules([unknown]))), [])
})
