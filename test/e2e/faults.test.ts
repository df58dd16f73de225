/** What goes wrong on a real machine: bad flags, missing parts, full disks, kill -9. Nothing is lost or left behind. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, hasKubectl, missingForContainers, run, TestCluster, testImage } from './test-cluster.ts'

const skip = missingForContainers()

describe('clipper up refuses what cannot work', { skip }, () => {
  let cluster: TestCluster
  before(async () => {
    cluster = await TestCluster.prepare()
  })
  after(async () => cluster?.end())

  const refused = async (ran: Promise<{ code: number; stderr: string }>, expected: RegExp) => {
    const { code, stderr } = await ran
    assert.notEqual(code, 0)
    assert.match(stderr, expected)
    assert.doesNotMatch(stderr, /\n\s+at /, 'a stack trace is no message')
  }

  test('without root', async () => {
    const script = join(import.meta.dirname, '../../bin/clipper')
    const ran = run('setpriv', ['--reuid=65534', '--clear-groups', script, 'up', '--data-dir', '/tmp/clipper-none'], {
      env: { HOME: '/tmp', NODE_COMPILE_CACHE: '/tmp/clipper-none-cache' },
    })
    // The checkout may be unreadable for others; then there is nothing to see.
    if (/EACCES|Permission denied/.test((await ran).stderr)) return
    await refused(ran, /needs root[\s\S]*sudo/)
  })

  test('with a port that is taken', async () => {
    const server = createServer()
    await new Promise<void>(listening => server.listen(0, '0.0.0.0', () => listening()))
    const { port } = server.address() as { port: number }
    const ran = await cluster.up('--api-port', String(port))
    server.close()
    await refused(Promise.resolve(ran), new RegExp(`port ${port} .*is taken(.|\\n)*--api-port`))
  })

  test('with containerd missing', async () => {
    const tools = join(cluster.directory, 'empty')
    mkdirSync(tools, { recursive: true })
    // A mount over the binary hides it from this one process.
    const hidden = ['/usr/bin/containerd', '/usr/local/bin/containerd'].filter(path => existsSync(path))
    const mounts = hidden.map(path => `mount --bind /dev/null ${path}`).join(' && ')
    const script = `${mounts} && exec "$0" up ${cluster.flags.join(' ')}`
    await refused(
      run('unshare', ['-m', 'sh', '-c', script, join(import.meta.dirname, '../../bin/clipper')]),
      /containerd was not found[\s\S]*apt-get install containerd/,
    )
  })

  test('with a full disk', async () => {
    const disk = join(cluster.directory, 'small')
    mkdirSync(disk)
    const script = `mount -t tmpfs -o size=2m none ${disk} && exec "$0" up ${cluster.flags.join(' ')} --data-dir ${disk}`
    await refused(
      run('unshare', ['-m', 'sh', '-c', script, join(import.meta.dirname, '../../bin/clipper')]),
      /disk of .* is full[\s\S]*free some space/,
    )
  })

  test('with flags that make no sense', async () => {
    await refused(cluster.up('--cluster-cidr', 'ten'), /a CIDR looks like/)
    await refused(cluster.clipper('down', '--data-dir', join(cluster.directory, 'nothing')), /there is no cluster in/)
    await refused(
      cluster.clipper('image', 'load', '/nonexistent', '--data-dir', join(cluster.directory, 'nothing')),
      /there is no cluster in/,
    )
    await refused(cluster.clipper('upp'), /unknown command/)
  })
})

describe('a running cluster', { skip: skip ?? (hasKubectl() ? undefined : 'kubectl is missing') }, () => {
  let cluster: TestCluster
  const status = async () =>
    JSON.parse((await cluster.clipper('status', '-o', 'json', '--data-dir', cluster.dataDirectory)).stdout)

  before(async () => {
    cluster = await TestCluster.prepare()
    const both = await Promise.all([cluster.up(), cluster.up()])
    assert.deepEqual(both.map(({ code }) => code).sort(), [0, 1], both.map(({ stderr }) => stderr).join('\n'))
    assert.match(both.find(({ code }) => code === 1)?.stderr ?? '', /another "clipper up" .* is under way/)
  })
  after(async () => cluster?.end())

  test('status names the process, its endpoints and its data', async () => {
    const state = await status()
    assert.equal(state.ready, true)
    assert.ok(existsSync(`/proc/${state.pid}`))
    assert.equal(state.endpoints.apiServer, `https://127.0.0.1:${cluster.apiPort}`)
    assert.equal(state.dataDirectory, cluster.dataDirectory)
  })

  test('up again changes nothing, and refuses to change what is fixed', async () => {
    const { pid } = await status()
    assert.equal((await cluster.up()).code, 0)
    assert.equal((await status()).pid, pid)
    const refused = await cluster.up('--cluster-cidr', '10.99.0.0/16')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /cannot become 10\.99\.0\.0\/16/)
  })

  test('keys and the kubeconfig are for their owner alone', async () => {
    const { stdout } = await run('find', [
      cluster.dataDirectory,
      '-type',
      'f',
      '(',
      '-name',
      '*.key',
      '-o',
      '-name',
      '*kubeconfig*',
      ')',
      '-perm',
      '/077',
    ])
    assert.equal(stdout, '')
    assert.doesNotMatch(readFileSync(join(cluster.dataDirectory, 'clipper.log'), 'utf8'), /PRIVATE KEY|eyJhbGciOi/)
  })

  test('kill -9 under load loses no acknowledged object and leaves every container running once', async () => {
    await cluster.loadTestImage()
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'steady' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'steady' } },
        template: {
          metadata: { labels: { app: 'steady' } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{ name: 'main', image: testImage, command: ['sleep', '3600'] }],
          },
        },
      },
    })
    await cluster.kubectl('rollout status deployment/steady --timeout=60s')
    const containers = async () =>
      (await runningContainers(cluster)).filter(line => line.includes('test:1')).map(line => line.split(/\s+/)[0])
    const before = (await containers()).sort()
    assert.equal(before.length, 3)

    const acknowledged = new Set<string>()
    let stop = false
    const writers = [1, 2, 3].map(async writer => {
      for (let i = 0; !stop; i += 1) {
        const name = `load-${writer}-${i}`
        const { code } = await cluster.tryKubectl(`create configmap ${name}`, { timeoutMs: 10_000 })
        if (code === 0) acknowledged.add(name)
      }
    })
    await eventually('some writes', async () => acknowledged.size > 10)
    process.kill((await status()).pid, 'SIGKILL')
    await sleep(300)
    stop = true
    await Promise.all(writers)

    assert.equal((await cluster.up()).code, 0, cluster.log())
    const there = new Set(
      (await cluster.kubectl('get configmaps -o name')).split('\n').map(line => line.replace('configmap/', '')),
    )
    assert.deepEqual(
      [...acknowledged].filter(name => !there.has(name)),
      [],
    )
    await cluster.kubectl('rollout status deployment/steady --timeout=60s')
    assert.deepEqual((await containers()).sort(), before)
    const restarts = await cluster.kubectl(
      'get pods -l app=steady -o jsonpath={.items[*].status.containerStatuses[0].restartCount}',
    )
    assert.equal(restarts, '0 0 0')
  })

  test('a snapshot that was cut short is refused, and the store stays as it is', async () => {
    const file = join(cluster.directory, 'snapshot.db')
    const data = ['--data-dir', cluster.dataDirectory]
    const saved = await cluster.clipper('snapshot', 'save', file, ...data)
    assert.equal(saved.code, 0, saved.stderr)
    const whole = readFileSync(file)
    writeFileSync(file, whole.subarray(0, Math.floor(whole.length / 2)))
    await cluster.clipper('down', ...data)
    const { code, stderr } = await cluster.clipper('snapshot', 'restore', file, '--replace', ...data)
    assert.equal(code, 1)
    assert.match(stderr, /cut short|checksum|SHA-256/)
    assert.doesNotMatch(stderr, /\n\s+at /)
    assert.equal((await cluster.up()).code, 0, cluster.log())
    assert.equal(await cluster.kubectl('get deployment steady -o jsonpath={.metadata.name}'), 'steady')
  })

  test('down leaves no process, mount, interface, rule or cgroup; up brings the workload back', async () => {
    assert.equal((await cluster.clipper('down', '--data-dir', cluster.dataDirectory)).code, 0)
    await assertNothingLeft(cluster)
    const { code } = await cluster.clipper('status', '--data-dir', cluster.dataDirectory)
    assert.equal(code, 1)
    assert.equal((await cluster.up()).code, 0, cluster.log())
    await eventually(
      'the workload',
      async () => (await cluster.kubectl('get deployment steady -o jsonpath={.status.readyReplicas}')) === '3',
    )
  })

  test('reset leaves nothing at all', async () => {
    assert.equal((await cluster.clipper('reset', '--data-dir', cluster.dataDirectory)).code, 0)
    await assertNothingLeft(cluster)
    assert.equal(existsSync(cluster.dataDirectory), false)
  })
})

async function runningContainers(cluster: TestCluster): Promise<string[]> {
  const socket = join(cluster.dataDirectory, 'containerd/containerd.sock')
  const [containers, tasks] = await Promise.all([
    run('ctr', ['--address', socket, '--namespace', 'k8s.io', 'containers', 'list']),
    run('ctr', ['--address', socket, '--namespace', 'k8s.io', 'tasks', 'list']),
  ])
  const running = new Set(
    tasks.stdout
      .split('\n')
      .filter(line => line.includes('RUNNING'))
      .map(line => line.split(/\s+/)[0]),
  )
  return containers.stdout.split('\n').filter(line => running.has(line.split(/\s+/)[0]))
}

async function assertNothingLeft(cluster: TestCluster): Promise<void> {
  const processes = readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry) && entry !== String(process.pid))
    .map(commandLineOf)
    .filter(commandLine => commandLine.includes(cluster.dataDirectory))
  assert.deepEqual(processes, [])
  assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(cluster.dataDirectory))
  assert.doesNotMatch((await run('ip', ['-o', 'link'])).stdout, new RegExp(`clip-${cluster.name}`))
  assert.doesNotMatch((await run('nft', ['list', 'tables'])).stdout, new RegExp(cluster.name))
  const { stdout } = await run('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `*${cluster.name}*`])
  assert.equal(stdout, '')
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
