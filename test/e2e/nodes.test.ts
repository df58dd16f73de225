/** Several nodes on one machine: pods and Services across them, machines that join, fall silent and come back. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePort } from '../../src/base/testing/free-ports.ts'
import { eventually, hasKubectl, missingForContainers, run, TestCluster, testImage } from './test-cluster.ts'

const skip = missingForContainers() ?? (hasKubectl() ? undefined : 'kubectl is missing')

/** Answers with its name at `/`, with the client's address at `/cgi-bin/client`, with 300 KB at `/large`. */
const serve = [
  'mkdir -p /www/cgi-bin && hostname >/www/index.html && head -c 300000 /dev/zero >/www/large',
  "printf '#!/bin/sh\\necho\\necho $REMOTE_ADDR\\n' >/www/cgi-bin/client && chmod +x /www/cgi-bin/client",
  'exec httpd -f -p 8080 -h /www',
].join(' && ')

const pod = (name: string, node: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web', name } },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'web',
        image: testImage,
        command: ['sh', '-c', serve],
        readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
      },
    ],
    ...more,
  },
})

const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
})

/** busybox writes an IPv4 client as `[::ffff:192.0.2.2]`. */
const plain = (client: string): string => /\d+(\.\d+){3}/.exec(client)?.[0] ?? client

describe('two nodes on one machine', { skip, timeout: 400_000 }, () => {
  let cluster: TestCluster
  let second = ''
  const first = 'node1'
  const addresses: Record<string, string> = {}
  const address = (podName: string) => addresses[podName] ?? ''

  before(async () => {
    cluster = await TestCluster.prepare()
    second = `${cluster.name}-2`
    const { code, stderr } = await cluster.up('--nodes', '2')
    assert.equal(code, 0, `${stderr}\n${cluster.log()}`)
    await cluster.loadTestImage()
    await cluster.apply([
      pod('a', first),
      pod('b', second),
      service('web', {}),
      service('one', { selector: { name: 'a' } }),
      service('sticky', { sessionAffinity: 'ClientIP' }),
      service('port', { type: 'NodePort' }),
      service('local', { type: 'NodePort', externalTrafficPolicy: 'Local', selector: { name: 'b' } }),
    ])
    await cluster.kubectl('wait --for=condition=Ready pod/a pod/b --timeout=60s')
    for (const name of ['a', 'b'])
      addresses[name] = await cluster.kubectl(`get pod ${name} -o jsonpath={.status.podIP}`)
  })
  after(async () => cluster?.end())

  const inPod = (name: string, ...command: readonly string[]) => cluster.kubectl(['exec', name, '--', ...command])
  const get = async (from: string, url: string) => (await inPod(from, 'wget', '-qO-', `http://${url}`)).trim()

  test('pods reach each other across nodes under their own addresses, with large packets too', async () => {
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      assert.equal(await get(from, `${address(to)}:8080/`), to)
      assert.equal(plain(await get(from, `${address(to)}:8080/cgi-bin/client`)), address(from))
      assert.equal((await get(from, `${address(to)}:8080/large`)).length, 300_000)
    }
  })

  test('Services answer on both nodes, by name, from each node and from the pod itself', async () => {
    for (const from of ['a', 'b']) {
      await eventually(`both answer ${from}`, async () => {
        const answers = new Set<string>()
        for (let i = 0; i < 10; i++) answers.add(await get(from, 'web.default.svc.cluster.local'))
        return answers.size === 2
      })
      assert.equal(await get(from, 'one'), 'a')
      const stuck = await get(from, 'sticky')
      for (let i = 0; i < 5; i++) assert.equal(await get(from, 'sticky'), stuck)
    }
  })

  test('node ports answer on both nodes; the local policy answers where the pod is, with the client’s address', async () => {
    const [port, local] = [await cluster.nodePort('port'), await cluster.nodePort('local')]
    const [here, there] = [await cluster.nodeAddress(first), await cluster.nodeAddress(second)]
    for (const node of [here, there]) {
      const { stdout } = await run('/bin/busybox', ['wget', '-qO-', `http://${node}:${port}/`])
      assert.match(stdout, /^[ab]\n$/)
    }
    const ask = (node: string) => run('/bin/busybox', ['wget', '-qO-', `http://${node}:${local}/cgi-bin/client`])
    const gateway = execFileSync('ip', ['-j', 'route', 'get', there], { encoding: 'utf8' })
    assert.equal(plain((await ask(there)).stdout), (JSON.parse(gateway) as { prefsrc: string }[])[0]?.prefsrc)
  })

  test('kubectl reaches pods of the second node through its kubelet, whose certificate is the cluster’s', async () => {
    assert.match(await cluster.kubectl(`get --raw /api/v1/nodes/${second}/proxy/healthz`), /ok/)
    assert.match(await cluster.kubectl(`get --raw /api/v1/nodes/${second}/proxy/stats/summary`), /"podRef"/)
    const file = join(cluster.directory, 'copied')
    writeFileSync(file, 'across')
    await cluster.kubectl(`cp ${file} b:/tmp/copied`)
    assert.equal(await inPod('b', 'cat', '/tmp/copied'), 'across')
    assert.equal(await cluster.kubectl('logs b'), '')
    const port = await freePort()
    const forward = cluster.startKubectl(['port-forward', 'pod/b', `${port}:8080`])
    try {
      await eventually('the port is forwarded', async () => {
        const { stdout } = await run('/bin/busybox', ['wget', '-qO-', `http://127.0.0.1:${port}/`])
        return stdout === 'b\n'
      })
    } finally {
      await forward.stop()
    }
    const requests = JSON.parse(await cluster.kubectl('get csr -o json')) as {
      items: { spec: { username: string; signerName: string }; status: { certificate?: string } }[]
    }
    const own = requests.items.filter(({ spec }) => spec.username === `system:node:${second}`)
    assert.ok(own.length >= 4)
    assert.ok(own.every(({ status }) => status.certificate))
  })

  test('machines that may not join are told why', async () => {
    const made = async (...more: readonly string[]) =>
      (await cluster.clipper('token', 'create', '--data-dir', cluster.dataDirectory, ...more)).stdout.trim()
    const joins = async (token: string, ...more: readonly string[]) => {
      const directory = mkdtempSync(join(cluster.directory, 'refused-'))
      const { code, stderr } = await cluster.clipper(
        ...['agent', '--data-dir', directory, '--name', `${cluster.name}x`, '--token', token],
        ...['--server', `https://${await cluster.nodeAddress(first)}:${cluster.apiPort}`],
        ...['--kubelet-port', `${await freePort()}`, '--dns-port', `${await freePort()}`, ...more],
      )
      assert.equal(code, 1)
      assert.doesNotMatch(stderr, /\n\s+at /, 'a stack trace is no message')
      return stderr
    }
    const token = await made()
    const [hash = '', bootstrap = ''] = token.split('::')
    assert.match(await joins('nonsense'), /this is no token/)
    assert.match(await joins(bootstrap), /does not say which authority/)
    assert.match(await joins(`${'0'.repeat(64)}::${bootstrap}`), /authority is not the one that the token names/)
    assert.match(await joins(`${hash}::aaaaaa.${bootstrap.slice(7)}`), /does not know the token aaaaaa/)
    assert.match(await joins(`${hash}::${bootstrap.slice(0, 7)}${'0'.repeat(16)}`), /not signed with the token/)
    assert.match(await joins(token, '--node-name', first), /the node name node1 is taken by another machine/)
    assert.match(await joins(token, '--node-name', second), /is taken by another machine[\s\S]*kubectl delete node/)
    assert.match(
      await cluster.clipper('token', 'list', '--data-dir', cluster.dataDirectory).then(r => r.stdout),
      new RegExp(bootstrap.slice(0, 6)),
    )
    await cluster.clipper('token', 'delete', bootstrap, '--data-dir', cluster.dataDirectory)
    await eventually('the token is worth nothing', async () => /does not know the token/.test(await joins(token)))
    const short = await made('--ttl', '1s')
    await eventually('a token ends', async () =>
      /does not know the token/.test(await joins(short, '--node-name', first)),
    )
    assert.match(await joins(token, '--server', 'https://127.0.0.1:1'), /cannot reach/)
  })

  test('the server is killed and comes back: nodes and pods go on', async () => {
    process.kill(cluster.pidOf(1), 'SIGKILL')
    const { code, stderr } = await cluster.up('--nodes', '2')
    assert.equal(code, 0, stderr)
    for (const name of ['a', 'b'])
      assert.equal(
        await cluster.kubectl(`get pod ${name} -o jsonpath={.status.containerStatuses[0].restartCount}`),
        '0',
      )
    await eventually('names and Services answer', async () => (await get('b', 'one')) === 'a')
  })

  test('a node that falls silent loses its pods; on its return they are ended', async () => {
    const tolerations = ['unreachable', 'not-ready'].map(key => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 0,
    }))
    await cluster.apply(pod('leaves', second, { tolerations }))
    await cluster.kubectl('wait --for=condition=Ready pod/leaves --timeout=60s')
    const directory = join(cluster.dataDirectory, 'nodes', '2')
    process.kill(cluster.pidOf(2), 'SIGKILL')
    await cluster.kubectl(`wait --for=condition=Ready=Unknown node/${second} --timeout=90s`)
    await eventually('the pod is told to go', async () =>
      cluster.kubectl('get pod leaves -o jsonpath={.metadata.deletionTimestamp}'),
    )
    assert.match(await cluster.kubectl(`get node ${second} -o jsonpath={.spec.taints[*].key}`), /unreachable/)
    await eventually(
      'Services leave it out',
      async () =>
        (await cluster.kubectl('get pod b -o jsonpath={.status.conditions[?(@.type=="Ready")].status}')) === 'False',
    )
    // The other pod tolerates the silence for five minutes: its containers have run on.
    const { code, stderr } = await cluster.up('--nodes', '2')
    assert.equal(code, 0, stderr)
    await cluster.kubectl('wait --for=delete pod/leaves --timeout=60s')
    await cluster.kubectl('wait --for=condition=Ready pod/b --timeout=60s')
    assert.equal(await cluster.kubectl('get pod b -o jsonpath={.status.containerStatuses[0].restartCount}'), '0')
    assert.equal(await get('a', `${address('b')}:8080/`), 'b')
    assert.ok(existsSync(directory))
  })

  test('down and reset leave nothing of the nodes behind', async () => {
    const { code, stderr } = await cluster.clipper('reset', '--data-dir', cluster.dataDirectory)
    assert.equal(code, 0, stderr)
    const left = (command: string, args: readonly string[]) =>
      execFileSync(command, [...args], { encoding: 'utf8' })
        .split('\n')
        .filter(line => line.includes(cluster.name))
    assert.deepEqual(left('ip', ['-o', 'link']), [])
    assert.deepEqual(left('ip', ['netns', 'list']), [])
    assert.deepEqual(left('nft', ['list', 'tables']), [])
    assert.deepEqual(
      left('ps', ['-eo', 'args']).filter(line => !line.startsWith('ps ')),
      [],
    )
    assert.deepEqual(
      readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter(line => line.includes(cluster.name) || line.includes(cluster.directory)),
      [],
    )
    assert.deepEqual(
      readdirSync('/run/clipper').filter(name => name.startsWith(cluster.name)),
      [],
    )
    assert.equal(existsSync(cluster.dataDirectory), false)
  })
})
