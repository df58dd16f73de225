import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForeignNetworks, checkNodePorts, checkRanges } from './address-ranges.ts'

const good = {
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  nodeAddress: '192.0.2.2',
}

test('ranges that are apart and large enough pass', () => {
  checkRanges(good)
  checkRanges({ ...good, clusterCidr: '10.244.7.0/24', serviceCidr: '10.244.8.0/28' })
})

for (const [what, change, expected] of [
  ['overlap', { serviceCidr: '10.244.128.0/20' }, /overlap/],
  ['a pod range below a /24', { clusterCidr: '10.244.0.0/25' }, /too small: a node needs a \/24/],
  ['a tiny service range', { serviceCidr: '10.96.0.0/30' }, /--service-cidr 10\.96\.0\.0\/30 is too small/],
  ["a range with the node's address", { clusterCidr: '192.0.0.0/16' }, /holds the node's own address 192\.0\.2\.2/],
] as const)
  test(`${what} is refused`, () => assert.throws(() => checkRanges({ ...good, ...change }), expected))

test('node ports are a range of ports', () => {
  checkNodePorts('30000-32767')
  for (const bad of ['32767-30000', '30000-70000', 'x']) assert.throws(() => checkNodePorts(bad), /no range of ports/)
})

test('a machine whose own networks overlap the cluster’s addresses is refused', () => {
  const on = (name: string, cidr: string) => ({ [name]: [{ cidr, family: 'IPv4' as const, internal: false }] })
  const check = (interfaces: ReturnType<typeof on>) => checkForeignNetworks(good, new Set(['clip-own']), interfaces)
  check(on('eth0', '192.0.2.2/24'))
  check(on('clip-own', '10.244.0.1/24'))
  assert.throws(
    () => check(on('eth1', '10.244.9.7/24')),
    /pods, 10\.244\.0\.0\/16, overlap .* 10\.244\.9\.7\/24 \(eth1\)/,
  )
  assert.throws(() => check(on('eth1', '10.0.0.1/8')), /overlap/)
  assert.throws(() => check(on('eth1', '10.96.3.1/30')), /Services/)
})
