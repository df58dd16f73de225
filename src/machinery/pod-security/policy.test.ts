import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { detailsOf, type Level, policyOf, violationsOf } from './policy.ts'

const container = (securityContext?: object, more: object = {}) => ({ name: 'c', image: 'i', securityContext, ...more })

const judged = (level: Level, spec: object, version = 'latest'): string =>
  detailsOf(
    violationsOf({ level, version }, { annotations: {}, spec: { containers: [container()], ...spec } as PodSpec }),
  )

const hardened = container({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
})

test('labels choose levels; what is enforced is warned of too', () => {
  const label = (name: string) => `pod-security.kubernetes.io/${name}`
  assert.deepEqual(policyOf({ [label('enforce')]: 'baseline', [label('enforce-version')]: 'v1.30' }).policy, {
    enforce: { level: 'baseline', version: 'v1.30' },
    audit: { level: 'privileged', version: 'latest' },
    warn: { level: 'baseline', version: 'v1.30' },
  })
  const { policy, errors } = policyOf({ [label('enforce')]: 'secure', [label('warn-version')]: '1.2' })
  assert.equal(policy.enforce.level, 'restricted')
  assert.equal(policy.warn.level, 'privileged')
  assert.deepEqual(
    errors.map(({ field, message }) => `${field}: ${message}`),
    [
      'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "secure": must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"',
    ],
  )
})

test('the baseline lets a plain pod in, and none that reaches for the node', () => {
  assert.equal(judged('baseline', {}), '')
  assert.equal(
    judged('baseline', {
      hostNetwork: true,
      volumes: [{ name: 'v', hostPath: { path: '/' } }],
      containers: [
        container({ privileged: true, capabilities: { add: ['NET_ADMIN', 'CHOWN'] } }, { ports: [{ hostPort: 80 }] }),
      ],
    }),
    'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add), host namespaces (hostNetwork=true), hostPath volumes (volume "v"), hostPort (container "c" uses hostPort 80), privileged (container "c" must not set securityContext.privileged=true)',
  )
})

test('the restricted level wants a hardened pod', () => {
  assert.equal(judged('restricted', { containers: [hardened] }), '')
  assert.equal(
    judged('restricted', {}),
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  )
  assert.equal(
    judged('restricted', { containers: [hardened], volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
    'restricted volume types (volume "v" uses restricted volume type "hostPath")',
  )
})

test('a namespace may stay with the standards of a version', () => {
  const sysctls = { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } }
  assert.equal(judged('baseline', sysctls, 'v1.31'), 'forbidden sysctls (net.ipv4.tcp_rmem)')
  assert.equal(judged('baseline', sysctls, 'v1.32'), '')
})

test('root of a user namespace of its own is not root', () => {
  const asRoot = container({ ...hardened.securityContext, runAsUser: 0 })
  assert.equal(judged('restricted', { containers: [asRoot] }), 'runAsUser=0 (container "c" must not set runAsUser=0)')
  assert.equal(judged('restricted', { containers: [asRoot], hostUsers: false }), '')
})
