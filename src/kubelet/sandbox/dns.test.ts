import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { parseResolvConf, podResolver } from './dns.ts'
import { hostsFileOf, podHostName } from './host-names.ts'

const host = parseResolvConf('nameserver 192.0.2.53\nsearch example.org.\noptions timeout:1\n')
const facts = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', host }
const podOf = (spec: Partial<PodSpec>): Pod =>
  ({ metadata: { name: 'p', namespace: 'n', uid: 'u' }, spec }) as unknown as Pod

test('ClusterFirst asks the cluster, searching its domains before the node’s', () => {
  assert.deepEqual(podResolver(podOf({}), facts), {
    servers: ['10.96.0.10'],
    searches: ['n.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.org'],
    options: ['ndots:5'],
  })
})

test('ClusterFirst on the node’s network, and Default, take the node’s resolver', () => {
  assert.deepEqual(podResolver(podOf({ hostNetwork: true }), facts), host)
  assert.deepEqual(podResolver(podOf({ dnsPolicy: 'Default' }), facts), host)
  assert.deepEqual(podResolver(podOf({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), facts).servers, [
    '10.96.0.10',
  ])
})

test('None takes dnsConfig alone, which else adds and overrides', () => {
  const dnsConfig = {
    nameservers: ['192.0.2.1'],
    searches: ['x.test'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  }
  assert.deepEqual(podResolver(podOf({ dnsPolicy: 'None', dnsConfig }), facts), {
    servers: ['192.0.2.1'],
    searches: ['x.test'],
    options: ['ndots:2', 'edns0'],
  })
  assert.deepEqual(podResolver(podOf({ dnsConfig }), facts).options, ['ndots:2', 'edns0'])
})

test('a subdomain makes a whole name, in /etc/hosts too', () => {
  const pod = podOf({ hostname: 'web', subdomain: 'svc', hostAliases: [{ ip: '192.0.2.9', hostnames: ['a', 'b'] }] })
  const names = podHostName(pod, 'cluster.local')
  assert.deepEqual(names, { hostname: 'web', domain: 'svc.n.svc.cluster.local' })
  const file = hostsFileOf({ pod, ips: ['10.0.0.2'], ...names, nodeHosts: '' })
  assert.match(file, /^10\.0\.0\.2\tweb\.svc\.n\.svc\.cluster\.local\tweb$/m)
  assert.match(file, /# Entries added by HostAliases\.\n192\.0\.2\.9\ta\tb\n$/)
})
