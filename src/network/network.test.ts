import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Pod } from '../api/core/v1/pod.ts'
import { hostPortRules, hostPortsOf } from './host-ports.ts'
import { cniConfigList, egressRules } from './pod-network.ts'

const pod = (podIP: string | undefined, ports: object[], more: object = {}): Pod =>
  ({
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'c', ports }], ...more },
    status: { phase: 'Running', podIP },
  }) as unknown as Pod

test('host ports are those of running pods with an address of their own', () => {
  const ports = hostPortsOf([
    pod('10.244.0.5', [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }, { containerPort: 81 }]),
    pod(undefined, [{ containerPort: 80, hostPort: 8081 }]),
    pod('192.0.2.2', [{ containerPort: 80, hostPort: 80 }], { hostNetwork: true }),
  ])
  assert.deepEqual(ports, [{ hostIp: '', hostPort: 8080, protocol: 'tcp', address: '10.244.0.5', containerPort: 80 }])
})

test("the bridge hands out addresses of the node's range", () => {
  const list = cniConfigList({ bridge: 'clip-a', podCidr: '10.244.3.0/24', ipamDirectory: '/x', mtu: 1400 }) as {
    plugins: { bridge: string; mtu: number; ipam: object }[]
  }
  assert.equal(list.plugins[0]?.bridge, 'clip-a')
  assert.equal(list.plugins[0]?.mtu, 1400)
  assert.deepEqual(list.plugins[0]?.ipam, {
    type: 'host-local',
    dataDir: '/x',
    ranges: [[{ subnet: '10.244.3.0/24' }]],
  })
})

test('the kernel takes the rules', t => {
  if (spawnSync('unshare', ['-n', 'nft', 'list', 'ruleset']).status !== 0)
    return t.skip('nft or network namespaces are not available here')
  const scripts = [
    egressRules({ table: 'e', bridge: 'clip-a', podCidr: '10.244.3.0/24', clusterCidr: '10.244.0.0/16' }),
    hostPortRules(
      'h',
      'clip-a',
      hostPortsOf([
        pod('10.244.0.5', [
          { containerPort: 80, hostPort: 8080, protocol: 'TCP', hostIP: '192.0.2.2' },
          { containerPort: 53, hostPort: 53, protocol: 'UDP' },
        ]),
      ]),
    ),
  ]
  for (const input of scripts) {
    const { status, stderr } = spawnSync('unshare', ['-n', 'nft', '-f', '-'], { input, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }
})
