import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { emptyRuleSet, type RuleSet, replacement, transition } from './rule-set.ts'
import { wantedRules } from './rules.ts'

const service = (name: string, spec: Partial<Service['spec']>): Service =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.20',
      clusterIPs: ['10.96.0.20'],
      ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
      ...spec,
    },
    status: { loadBalancer: {} },
  }) as Service

const slice = (
  name: string,
  ...endpoints: { address: string; ready?: boolean; serving?: boolean; terminating?: boolean; nodeName?: string }[]
): EndpointSlice =>
  ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP', name: '' }],
    endpoints: endpoints.map(({ address, nodeName = 'node1', ...conditions }) => ({
      addresses: [address],
      nodeName,
      conditions: { ready: true, ...conditions },
    })),
  }) as unknown as EndpointSlice

const rulesOf = (services: Service[], slices: EndpointSlice[]): RuleSet =>
  wantedRules({
    services,
    slicesOf: (_, name) => slices.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name),
    nodeName: 'node1',
    nodeAddresses: ['192.0.2.2'],
    clusterCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/16',
    masqueradeMark: 0x4000,
  })

const text = (rules: RuleSet): string => replacement('ip test', rules).join('\n')

test('a service port with endpoints is looked up by address and spread over them', () => {
  const script = text(
    rulesOf([service('web', {})], [slice('web', { address: '10.244.0.5' }, { address: '10.244.0.6' })]),
  )
  assert.match(script, /add element ip test service-ips \{ 10\.96\.0\.20 \. tcp \. 80 : goto svc-/)
  assert.match(script, /dnat ip to numgen random mod 2 map \{ 0 : 10\.244\.0\.5 \. 8080, 1 : 10\.244\.0\.6 \. 8080 \}/)
})

test('a terminating endpoint gets no new connections while another is ready, and all of them when none is', () => {
  const going = { address: '10.244.0.5', ready: false, serving: true, terminating: true }
  assert.doesNotMatch(
    text(rulesOf([service('web', {})], [slice('web', going, { address: '10.244.0.6' })])),
    /dnat.*10\.244\.0\.5/,
  )
  assert.match(text(rulesOf([service('web', {})], [slice('web', going)])), /dnat ip to 10\.244\.0\.5:8080/)
})

test('a service without endpoints rejects', () => {
  assert.match(
    text(rulesOf([service('web', {})], [])),
    /no-endpoint-ips \{ 10\.96\.0\.20 \. tcp \. 80 : goto reject-chain \}/,
  )
})

test('the Local internal traffic policy keeps to this node and drops where there is none', () => {
  const local = service('web', { internalTrafficPolicy: 'Local' })
  assert.doesNotMatch(
    text(rulesOf([local], [slice('web', { address: '10.244.1.5', nodeName: 'node2' }, { address: '10.244.0.6' })])),
    /dnat.*10\.244\.1\.5/,
  )
  assert.match(text(rulesOf([local], [slice('web', { address: '10.244.1.5', nodeName: 'node2' })])), /: drop/)
})

test('one changed endpoint changes one chain', () => {
  const services = [service('web', {}), service('other', { clusterIP: '10.96.0.21', clusterIPs: ['10.96.0.21'] })]
  const before = rulesOf(services, [slice('web', { address: '10.244.0.5' }), slice('other', { address: '10.244.0.9' })])
  const after = rulesOf(services, [slice('web', { address: '10.244.0.7' }), slice('other', { address: '10.244.0.9' })])
  const commands = transition('ip test', before, after)
  assert.equal(commands.filter(command => command.startsWith('flush chain')).length, 1)
  assert.deepEqual(transition('ip test', after, after), [])
})

test('the kernel takes every transition of a service through its life', t => {
  const probe = spawnSync('unshare', ['-n', 'nft', 'list', 'ruleset'])
  if (probe.status !== 0) return t.skip('nft or network namespaces are not available here')
  const nodePort = {
    type: 'NodePort' as const,
    ports: [{ port: 80, protocol: 'TCP' as const, targetPort: 8080, nodePort: 30080 }],
  }
  const endpoints = slice('web', { address: '10.244.0.5' }, { address: '10.244.0.6' })
  const states = [
    rulesOf([service('web', {})], []),
    rulesOf([service('web', {})], [endpoints]),
    rulesOf([service('web', nodePort)], [endpoints]),
    rulesOf([service('web', { ...nodePort, sessionAffinity: 'ClientIP' })], [endpoints]),
    rulesOf(
      [service('web', { ...nodePort, externalTrafficPolicy: 'Local' })],
      [slice('web', { address: '10.244.1.5', nodeName: 'node2' })],
    ),
    rulesOf(
      [
        service('web', {
          type: 'LoadBalancer',
          loadBalancerSourceRanges: ['192.0.2.0/24'],
          externalIPs: ['192.0.2.77'],
        }),
      ],
      [endpoints],
    ),
    rulesOf([], []),
  ]
  const scripts = states.map((state, i) =>
    (i === 0 ? replacement('ip test', state) : transition('ip test', states[i - 1] ?? emptyRuleSet, state)).join('\n'),
  )
  const steps = scripts.map(script => `nft -f - <<'X' || exit 8\n${script}\nX\n`).join('')
  const { status, stderr } = spawnSync('unshare', ['-n', 'sh', '-c', `${steps}nft list table ip test >/dev/null`], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})

test('an endpoint that is meant for this node is taken, unless one of them is meant for nobody', () => {
  const hints = (...names: string[]) => ({ forNodes: names.map(name => ({ name })) })
  const [own, other] = [
    { addresses: ['10.244.0.5'], conditions: { ready: true }, nodeName: 'node1', hints: hints('node1') },
    { addresses: ['10.244.1.5'], conditions: { ready: true }, nodeName: 'node2', hints: hints('node2') },
  ]
  const made = (...endpoints: object[]) =>
    text(rulesOf([service('dns', {})], [{ ...slice('dns'), endpoints } as unknown as EndpointSlice]))
  assert.match(made(own, other), /dnat ip to 10\.244\.0\.5:8080/)
  assert.match(made({ ...own, conditions: { ready: false } }, other), /dnat ip to 10\.244\.1\.5:8080/)
  assert.match(made(own, { ...other, hints: undefined }), /random mod 2/)
})
