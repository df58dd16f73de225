/** The pod network as the kernel and the CNI reference plugins make it, in a network namespace of the test's own. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Pod } from '../api/core/v1/pod.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { MemoryInformer } from '../client/testing/memory-informer.ts'
import { startHostPorts } from './host-ports.ts'
import { setUpPodNetwork, tearDownPodNetwork } from './pod-network.ts'

const pluginDirectory = ['/usr/lib/cni', '/opt/cni/bin'].find(path => existsSync(join(path, 'bridge')))
const canRun =
  pluginDirectory !== undefined &&
  process.getuid?.() === 0 &&
  existsSync('/proc/sys/net/bridge') &&
  spawnSync('unshare', ['-n', 'nft', 'list', 'ruleset']).status === 0

suite('the pod network', { skip: !canRun, timeout: 30_000 }, () => {
  const node = `clpn${process.pid}-node`
  const podNamespace = `clpn${process.pid}-pod`
  const bridge = `clpn${process.pid % 100_000}`
  const directory = mkdtempSync(join(tmpdir(), 'clip-net-'))
  const inNode = (command: string, args: readonly string[], input = '', env: Record<string, string> = {}) =>
    spawnSync('ip', ['netns', 'exec', node, command, ...args], {
      input,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
  const runner = {
    async run(command: string, args: readonly string[], { stdin }: { stdin?: string }) {
      const { status, stdout, stderr } = inNode(command, args, stdin)
      return { code: status ?? -1, stdout, stderr }
    },
  }
  const options = {
    runner,
    bridge,
    table: 'clipper-net',
    podCidr: '10.244.3.0/24',
    clusterCidr: '10.244.0.0/16',
    cniConfigDirectory: join(directory, 'cni'),
    ipamDirectory: join(directory, 'ipam'),
    mtu: 1400,
  }

  /** What containerd does with the configuration. */
  function plugin(command: 'ADD' | 'DEL'): { ips?: { address: string }[] } {
    const list = JSON.parse(readFileSync(join(options.cniConfigDirectory, '10-clipper.conflist'), 'utf8'))
    const config = { cniVersion: list.cniVersion, name: list.name, ...list.plugins[0] }
    const { status, stdout, stderr } = inNode(join(pluginDirectory ?? '', 'bridge'), [], JSON.stringify(config), {
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'pod1',
      CNI_NETNS: `/var/run/netns/${podNamespace}`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: pluginDirectory ?? '',
    })
    assert.equal(status, 0, stdout + stderr)
    return stdout === '' ? {} : JSON.parse(stdout)
  }

  before(() => {
    for (const name of [node, podNamespace]) spawnSync('ip', ['netns', 'add', name])
    spawnSync('ip', ['-n', node, 'link', 'set', 'lo', 'up'])
  })
  after(() => {
    for (const name of [node, podNamespace]) spawnSync('ip', ['netns', 'delete', name])
    rmSync(directory, { recursive: true, force: true })
  })

  test('a pod gets an address, is reached by its host port, and leaves nothing behind', async () => {
    await setUpPodNetwork(options)
    await setUpPodNetwork(options)
    const address = plugin('ADD').ips?.[0]?.address.split('/')[0] ?? ''
    assert.match(address, /^10\.244\.3\.\d+$/)
    assert.match(inNode('ip', ['link', 'show', bridge]).stdout, /mtu 1400/)

    const pods = new MemoryInformer<Pod>()
    const pod = {
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }] }] },
      status: { phase: 'Running', podIP: address },
    } as unknown as Pod
    pods.put(pod)
    const table = 'clipper-ports'
    const stop = startHostPorts({ pods, runner, clock: systemClock, log: loggerOf('test'), table, bridge })
    const rules = () => inNode('nft', ['list', 'table', 'ip', 'clipper-ports']).stdout
    while (!rules().includes(`dnat to ${address}:80`)) await new Promise(resolve => setTimeout(resolve, 10))
    for (const nodeAddress of ['10.244.3.1', '127.0.0.1']) {
      const script = `busybox nc -l -p 80 -e echo served & sleep 0.3; wait`
      const server = spawnAsync(['netns', 'exec', podNamespace, 'sh', '-c', script])
      let answer = ''
      for (let i = 0; i < 50 && answer === ''; i += 1) {
        answer = inNode('busybox', ['nc', '-w', '1', nodeAddress, '8080']).stdout.trim()
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      assert.equal(answer, 'served', nodeAddress)
      await server
    }

    pods.remove(pod)
    while (rules().includes('dnat')) await new Promise(resolve => setTimeout(resolve, 10))
    await stop()
    plugin('DEL')
    plugin('DEL')
    await tearDownPodNetwork(options)
    await tearDownPodNetwork(options)
    assert.notEqual(inNode('ip', ['link', 'show', bridge]).status, 0)
    assert.ok(!inNode('nft', ['list', 'tables']).stdout.includes('clipper-net'))
  })
})

function spawnAsync(args: readonly string[]): Promise<void> {
  const child = spawn('ip', [...args], { stdio: 'ignore' })
  return new Promise(resolve => child.once('close', () => resolve()))
}
