import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CliError } from './cli-error.ts'
import { checkNodeAddress, type Interfaces, nodeNameOf, primaryAddress } from './node-identity.ts'

const ipv4 = (address: string, internal = false) => ({ address, family: 'IPv4' as const, internal })
const lo = [ipv4('127.0.0.1', true)]

test('a machine without a network is told what is missing', () => {
  for (const interfaces of [{ lo }, { lo, eth0: [ipv4('169.254.7.7')] }, { lo, cni0: [ipv4('10.244.0.1')] }]) {
    assert.throws(
      () => primaryAddress(interfaces),
      (error: CliError) =>
        error instanceof CliError &&
        /no IPv4 address but loopback/.test(error.message) &&
        /ip link/.test(error.next ?? ''),
    )
  }
  assert.equal(primaryAddress({ lo, docker0: [ipv4('172.17.0.1')], eth0: [ipv4('192.0.2.7')] }), '192.0.2.7')
})

test('an address that pods cannot reach, or of another machine, is refused', () => {
  const interfaces: Interfaces = { lo, eth0: [ipv4('192.0.2.7')] }
  assert.doesNotThrow(() => checkNodeAddress('192.0.2.7', interfaces))
  assert.throws(() => checkNodeAddress('127.0.0.1', interfaces), /cannot be reached from pods/)
  assert.throws(() => checkNodeAddress('192.0.2.8', interfaces), /not one of this machine's \(192\.0\.2\.7\)/)
})

test('a host name becomes a node name, or is refused', () => {
  assert.equal(nodeNameOf('Host.Example.COM'), 'host.example.com')
  assert.throws(() => nodeNameOf('my_host'), /"my_host" cannot be the name of a node: a lowercase RFC 1123 subdomain/)
})
