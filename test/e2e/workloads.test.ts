/** Real containers behind real Services: what a workload may rely on. */
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { eventually, hasKubectl, missingForContainers, run, TestCluster, testImage } from './test-cluster.ts'

const skip = hasKubectl() ? missingForContainers() : 'kubectl is missing'

const container = (script: string, more: object = {}) => ({
  name: 'main',
  image: testImage,
  command: ['sh', '-c', script],
  ...more,
})

const pod = (name: string, spec: object, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { terminationGracePeriodSeconds: 1, ...spec },
})

const deployment = (name: string, replicas: number, spec: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec } },
})

const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: name }, ...spec },
})

const webServer = (
  script = 'mkdir -p /www; hostname >/www/index.html; trap "exit 0" TERM; httpd -f -p 8080 -h /www & wait',
) => container(script, { readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } })

describe('workloads', { skip }, () => {
  let cluster: TestCluster
  const kubectl = (args: string | readonly string[], options = {}) => cluster.kubectl(args, options)
  const inPod = (script: string, name = 'client') => kubectl(['exec', name, '--', 'sh', '-c', script])
  const podsOf = async (app: string): Promise<string[]> => {
    const list = JSON.parse(await kubectl(`get pods -l app=${app} -o json`)) as {
      items: { metadata: { name: string; deletionTimestamp?: string } }[]
    }
    return list.items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name)
  }

  before(async () => {
    cluster = await TestCluster.start()
    await cluster.apply([
      deployment('web', 3, { containers: [webServer()] }),
      service('web', { type: 'NodePort', ports: [{ port: 80, targetPort: 8080 }] }),
      pod('client', { containers: [container('sleep 3600')] }),
    ])
    await kubectl('rollout status deployment/web --timeout=60s')
    await kubectl('wait pod/client --for=condition=Ready --timeout=60s')
  })
  after(async () => cluster?.end())

  describe('a Service is answered by all its replicas', () => {
    const allAnswer = async (ask: () => Promise<string>) => {
      const wanted = await podsOf('web')
      const seen = new Set<string>()
      await eventually('every replica to answer', async () => {
        for (const line of (await ask()).split('\n')) if (line !== '') seen.add(line)
        return wanted.every(name => seen.has(name))
      })
      assert.equal(seen.size, 3)
    }
    const loop = (url: string) => `for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -O - ${url}; done`

    test('through its cluster address', async () => {
      const address = await kubectl('get service web -o jsonpath={.spec.clusterIP}')
      await allAnswer(() => inPod(loop(`http://${address}`)))
    })
    test('through its DNS name, short and full', async () => {
      await allAnswer(() => inPod(loop('http://web')))
      await allAnswer(() => inPod(loop('http://web.default.svc.cluster.local')))
    })
    test('through its node port, from the node and from a pod', async () => {
      const port = await kubectl('get service web -o jsonpath={.spec.ports[0].nodePort}')
      const address = await kubectl('get node node1 -o jsonpath={.status.addresses[0].address}')
      await allAnswer(() => inPod(loop(`http://${address}:${port}`)))
      await allAnswer(
        async () =>
          (await run('sh', ['-c', `for i in 1 2 3 4 5 6; do busybox wget -q -O - http://${address}:${port}; done`]))
            .stdout,
      )
    })
    test('over UDP, through its cluster address and its node port', async () => {
      // The node's own DNS as a backend of one more Service: a UDP server that is there already.
      const { endpoints } = JSON.parse(
        (await cluster.clipper('status', '-o', 'json', '--data-dir', cluster.dataDirectory)).stdout,
      )
      const [address, port] = endpoints.dns.split(':')
      await cluster.apply([
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'udp' },
          spec: { type: 'NodePort', ports: [{ port: 53, protocol: 'UDP' }] },
        },
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: 'udp-1', labels: { 'kubernetes.io/service-name': 'udp' } },
          addressType: 'IPv4',
          ports: [{ port: Number(port), protocol: 'UDP' }],
          endpoints: [{ addresses: [address] }],
        },
      ])
      const [clusterIp, nodePort] = (
        await kubectl('get service udp -o jsonpath={.spec.clusterIP},{.spec.ports[0].nodePort}')
      ).split(',')
      for (const server of [clusterIp, `${address}:${nodePort}`])
        await eventually(`an answer from ${server}`, async () =>
          /Name:\s+web\.default/.test(await inPod(`nslookup web.default.svc.cluster.local ${server}`)),
        )
    })
    test('at one endpoint alone for one client, with session affinity', async () => {
      await cluster.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'sticky' },
        spec: { selector: { app: 'web' }, sessionAffinity: 'ClientIP', ports: [{ port: 80, targetPort: 8080 }] },
      })
      const answers = await eventually('ten answers', async () => {
        const lines = (await inPod(loop('http://sticky'))).trim().split('\n')
        return lines.length === 10 && lines
      })
      assert.equal(new Set(answers).size, 1)
    })
  })

  test('a headless Service names its pods', async () => {
    await cluster.apply({
      ...service('web', { clusterIP: 'None', ports: [{ port: 8080 }] }),
      metadata: { name: 'web-headless' },
    })
    await eventually('three addresses', async () => {
      const answer = await inPod('nslookup web-headless.default.svc.cluster.local || true')
      return (answer.match(/Address:? ?\d*:? 10\./g) ?? []).length >= 3
    })
  })

  test('two containers of a pod reach each other on localhost and share its address', async () => {
    await cluster.apply(
      pod('pair', {
        containers: [
          { ...webServer(), name: 'server' },
          { ...container('sleep 3600'), name: 'client' },
        ],
      }),
    )
    await kubectl('wait pod/pair --for=condition=Ready --timeout=60s')
    assert.equal(
      await kubectl(['exec', 'pair', '-c', 'client', '--', 'wget', '-q', '-O', '-', 'http://localhost:8080']),
      'pair\n',
    )
  })

  test('a killed container restarts in its pod', async () => {
    await cluster.apply(pod('phoenix', { containers: [container('sleep 3600')] }))
    await kubectl('wait pod/phoenix --for=condition=Ready --timeout=60s')
    const id = (await kubectl('get pod phoenix -o jsonpath={.status.containerStatuses[0].containerID}')).replace(
      'containerd://',
      '',
    )
    await killTask(cluster, id)
    await eventually('the restart', async () => {
      const status = JSON.parse(await kubectl('get pod phoenix -o jsonpath={.status.containerStatuses[0]}'))
      return status.restartCount >= 1 && status.ready && status.lastState.terminated !== undefined
    })
  })

  test('a deleted pod is replaced', async () => {
    const [victim] = await podsOf('web')
    await kubectl(`delete pod ${victim} --wait=false`)
    await eventually('three ready pods without it', async () => {
      const names = await podsOf('web')
      return (
        names.length === 3 &&
        !names.includes(victim ?? '') &&
        (await kubectl('get deployment web -o jsonpath={.status.readyReplicas}')) === '3'
      )
    })
  })

  test('a container over its memory limit is killed, and says so', async () => {
    await cluster.apply(
      pod('hog', {
        restartPolicy: 'Never',
        containers: [container('x=a; while true; do x=$x$x; done', { resources: { limits: { memory: '16Mi' } } })],
      }),
    )
    await eventually(
      'OOMKilled',
      async () =>
        (await kubectl('get pod hog -o jsonpath={.status.containerStatuses[0].state.terminated.reason}')) ===
        'OOMKilled',
    )
    assert.equal(
      await kubectl('get pod hog -o jsonpath={.status.containerStatuses[0].state.terminated.exitCode}'),
      '137',
    )
  })

  test('a rolling update under constant requests fails none', async () => {
    // The server exits at once on SIGTERM and has no preStop hook; every request is a new connection without retries.
    const spec = (version: string) => ({ containers: [{ ...webServer(), env: [{ name: 'VERSION', value: version }] }] })
    await cluster.apply([
      deployment('rolling', 3, spec('1')),
      service('rolling', { ports: [{ port: 80, targetPort: 8080 }] }),
    ])
    await kubectl('rollout status deployment/rolling --timeout=60s')
    const load = new ConstantLoad(await kubectl('get service rolling -o jsonpath={.spec.clusterIP}'))
    for (const version of ['2', '3', '4']) {
      await cluster.apply(deployment('rolling', 3, spec(version)))
      await kubectl('rollout status deployment/rolling --timeout=60s')
    }
    // The last old pods end after the rollout counts as done.
    await eventually(
      'old pods to go',
      async () => (await kubectl('get pods -l app=rolling -o name')).trim().split('\n').length === 3,
    )
    const { answered, failures } = await load.stop()
    assert.ok(answered > 200, `only ${answered} requests`)
    assert.deepEqual(failures, [])
  })

  test('a Job runs to completion and retries a pod that fails', async () => {
    await cluster.apply([
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'done' },
        spec: {
          completions: 3,
          parallelism: 2,
          template: { spec: { restartPolicy: 'Never', containers: [container('exit 0')] } },
        },
      },
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'failing' },
        spec: { backoffLimit: 1, template: { spec: { restartPolicy: 'Never', containers: [container('exit 3')] } } },
      },
    ])
    await kubectl('wait job/done --for=condition=Complete --timeout=60s')
    assert.equal(await kubectl('get job done -o jsonpath={.status.succeeded}'), '3')
    await kubectl('wait job/failing --for=condition=Failed --timeout=60s')
    const { status } = JSON.parse(await kubectl('get job failing -o json'))
    assert.equal(status.failed, 2)
    assert.equal(
      status.conditions.find((condition: { type: string }) => condition.type === 'Failed').reason,
      'BackoffLimitExceeded',
    )
  })

  test('environment, ConfigMaps, Secrets, downward API and projected tokens arrive in a container', async () => {
    await kubectl('create configmap settings --from-literal=colour=red')
    await kubectl('create secret generic hidden --from-literal=word=sesame')
    await cluster.apply(
      pod('inputs', {
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'hidden', secret: { secretName: 'hidden', defaultMode: 0o400 } },
          { name: 'scratch', emptyDir: {} },
          { name: 'about', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
        ],
        containers: [
          container('sleep 3600', {
            env: [
              { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'GREETING', value: 'it is $(COLOUR)' },
            ],
            volumeMounts: [
              { name: 'settings', mountPath: '/settings' },
              { name: 'hidden', mountPath: '/hidden' },
              { name: 'scratch', mountPath: '/scratch' },
              { name: 'about', mountPath: '/about' },
            ],
          }),
        ],
      }),
    )
    await kubectl('wait pod/inputs --for=condition=Ready --timeout=60s')
    const seen = await inPod(
      'echo $GREETING; cat /settings/colour /hidden/word /about/name; echo; touch /scratch/x; hostname -i; echo $POD_IP; ls /var/run/secrets/kubernetes.io/serviceaccount',
      'inputs',
    )
    const address = await kubectl('get pod inputs -o jsonpath={.status.podIP}')
    assert.equal(seen, `it is red\nredsesameinputs\n${address}\n${address}\nca.crt\nnamespace\ntoken\n`)
    await kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"green"}}'])
    await eventually(
      'the changed file',
      async () => (await inPod('cat /settings/colour', 'inputs')) === 'green',
      120_000,
    )
  })

  test('a StatefulSet numbers its pods, and a DaemonSet runs on the node', async () => {
    const template = (app: string) => ({
      metadata: { labels: { app } },
      spec: { terminationGracePeriodSeconds: 1, containers: [container('trap "exit 0" TERM; sleep 3600 & wait')] },
    })
    await cluster.apply([
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'db' },
        spec: { clusterIP: 'None', selector: { app: 'db' } },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'db' },
        spec: { serviceName: 'db', replicas: 2, selector: { matchLabels: { app: 'db' } }, template: template('db') },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'agent' },
        spec: { selector: { matchLabels: { app: 'agent' } }, template: template('agent') },
      },
    ])
    await kubectl('rollout status statefulset/db --timeout=60s')
    await kubectl('rollout status daemonset/agent --timeout=60s')
    assert.deepEqual((await podsOf('db')).sort(), ['db-0', 'db-1'])
    await eventually('the name of db-1', async () =>
      /Address.*10\./.test(await inPod('nslookup db-1.db.default.svc.cluster.local || true')),
    )
  })

  test('deleting an owner collects what it owns, and deleting a namespace everything in it', async () => {
    await kubectl('create namespace brief')
    await cluster.apply({
      ...deployment('gone', 2, { terminationGracePeriodSeconds: 1, containers: [container('sleep 3600')] }),
      metadata: { name: 'gone', namespace: 'brief' },
    })
    await kubectl('rollout status deployment/gone -n brief --timeout=60s')
    await kubectl('delete deployment gone -n brief')
    await eventually(
      'its replica sets and pods to go',
      async () => (await kubectl('get replicasets,pods -n brief -o name')) === '',
    )
    await kubectl('create configmap left -n brief')
    await kubectl('delete namespace brief --timeout=60s')
    assert.notEqual((await cluster.tryKubectl('get namespace brief')).code, 0)
  })

  test('without its role binding the scheduler gets 403 like anyone, and binds again once it is back', async () => {
    const name = 'system:kube-scheduler'
    const binding = await kubectl(`get clusterrolebinding ${name} -o json`)
    await kubectl(`delete clusterrolebinding ${name}`)
    await eventually(
      'the API server to know',
      async () => (await cluster.tryKubectl(`auth can-i create pods/binding --as=${name}`)).code !== 0,
    )
    await cluster.apply(pod('unbound', { containers: [container('sleep 3600')] }))
    await eventually('a 403 in the log', async () =>
      /kube-scheduler.*(403|forbidden)|(403|forbidden).*kube-scheduler/i.test(cluster.log(2000)),
    )
    assert.equal(await kubectl('get pod unbound -o jsonpath={.spec.nodeName}'), '')
    const { metadata, ...rest } = JSON.parse(binding)
    await kubectl('create -f -', { input: JSON.stringify({ ...rest, metadata: { name, labels: metadata.labels } }) })
    await kubectl('wait pod/unbound --for=condition=Ready --timeout=90s')
  })
})

/** Requests one after the other on four lanes, each on a connection of its own, never repeated. */
class ConstantLoad {
  #stopped = false
  #answered = 0
  readonly #failures: string[] = []
  readonly #lanes: readonly Promise<void>[]

  constructor(address: string) {
    this.#lanes = [1, 2, 3, 4].map(() => this.#run(address))
  }

  async stop(): Promise<{ answered: number; failures: readonly string[] }> {
    this.#stopped = true
    await Promise.all(this.#lanes)
    return { answered: this.#answered, failures: this.#failures }
  }

  async #run(address: string): Promise<void> {
    while (!this.#stopped) {
      const outcome = await new Promise<string>(done => {
        const request = get({ host: address, agent: false, timeout: 5000 }, response => {
          let text = ''
          response.on('data', part => (text += part))
          response.on('end', () =>
            done(response.statusCode === 200 && text !== '' ? '' : `${response.statusCode} ${text}`),
          )
          response.on('error', error => done(error.message))
        })
        request.on('timeout', () => request.destroy(new Error('no answer in 5 s')))
        request.on('error', error => done(error.message))
      })
      if (outcome === '') this.#answered += 1
      else this.#failures.push(`${new Date().toISOString()} ${outcome}`)
    }
  }
}

/** Kills a container's first process from outside, as a crash would. */
async function killTask(cluster: TestCluster, id: string): Promise<void> {
  await run('ctr', [
    '--address',
    `${cluster.dataDirectory}/containerd/containerd.sock`,
    '--namespace',
    'k8s.io',
    'task',
    'kill',
    '--signal',
    'SIGKILL',
    id,
  ])
}
