/** What a user does with kubectl, done with the real kubectl against a real cluster. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually, hasKubectl, missingForContainers, run, TestCluster, testImage } from './test-cluster.ts'

const skip = hasKubectl() ? missingForContainers() : 'kubectl is missing'

const web = (replicas = 3) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'web',
            image: testImage,
            command: [
              'sh',
              '-c',
              'mkdir -p /www; hostname >/www/index.html; echo started; trap "exit 0" TERM; httpd -f -p 8080 -h /www & wait',
            ],
            ports: [{ name: 'http', containerPort: 8080 }],
            readinessProbe: { httpGet: { port: 'http' }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})

describe('kubectl', { skip }, () => {
  let cluster: TestCluster
  const kubectl = (args: string | readonly string[], options = {}) => cluster.kubectl(args, options)

  before(async () => {
    cluster = await TestCluster.start()
    await cluster.apply(web())
    await kubectl('rollout status deployment/web --timeout=60s')
  })
  after(async () => cluster?.end())

  test('get prints wide tables, YAML and JSON', async () => {
    const wide = await kubectl('get pods -l app=web -o wide')
    assert.match(wide, /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/)
    assert.equal(wide.match(/1\/1 +Running +0/g)?.length, 3)
    assert.match(await kubectl('get deployment web -o yaml'), /^apiVersion: apps\/v1\nkind: Deployment\n/)
    const { status } = JSON.parse(await kubectl('get deployment web -o json'))
    assert.equal(status.availableReplicas, 3)
    assert.match(await kubectl('get all'), /deployment\.apps\/web +3\/3/)
    assert.match(await kubectl('get nodes'), /node1 +Ready/)
  })

  test('describe shows an object with its events', async () => {
    const [pod] = (await kubectl('get pods -l app=web -o name')).split('\n')
    const described = await kubectl(`describe ${pod}`)
    assert.match(described, /Status: +Running/)
    for (const reason of ['Scheduled', 'Created', 'Started']) assert.match(described, new RegExp(`Normal +${reason}`))
    assert.match(await kubectl('describe deployment web'), /Scaled up replica set web-\w+ from 0 to 3/)
    assert.match(await kubectl('describe node node1'), /Allocated resources/)
  })

  test('logs follows until the container ends', async () => {
    await kubectl([
      'run',
      'counter',
      `--image=${testImage}`,
      '--restart=Never',
      '--',
      'sh',
      '-c',
      'for i in 1 2 3; do echo line $i; sleep 0.3; done',
    ])
    const followed = await eventually('the log', async () => {
      const { code, stdout } = await cluster.tryKubectl('logs -f counter')
      return code === 0 && stdout
    })
    assert.equal(followed, 'line 1\nline 2\nline 3\n')
    assert.equal(await kubectl('logs counter --tail=1'), 'line 3\n')
    assert.match(await kubectl('logs counter --timestamps --tail=1'), /^\d{4}-\d\d-\d\dT\S+ line 3\n$/)
    await kubectl('delete pod counter --wait=true')
  })

  test('exec passes streams, terminals and exit codes', async () => {
    assert.equal(await kubectl(['exec', 'deploy/web', '--', 'echo', 'a b']), 'a b\n')
    assert.equal(await kubectl(['exec', '-i', 'deploy/web', '--', 'cat'], { input: 'through stdin' }), 'through stdin')
    const failed = await cluster.tryKubectl(['exec', 'deploy/web', '--', 'sh', '-c', 'echo to stderr >&2; exit 7'])
    assert.equal(failed.code, 7)
    assert.match(failed.stderr, /to stderr/)
    const terminal = await run('script', ['-qec', 'kubectl exec -it deploy/web -- tty', '/dev/null'], {
      env: { KUBECONFIG: cluster.kubeconfig },
    })
    assert.match(terminal.stdout, /\/dev\/pts\/\d+/)
    const big = 'x'.repeat(300_000)
    assert.equal((await kubectl(['exec', '-i', 'deploy/web', '--', 'cat'], { input: big })).length, big.length)
  })

  test('exec also goes over SPDY', async () => {
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }
    assert.equal(await kubectl(['exec', '-i', 'deploy/web', '--', 'cat'], { input: 'spdy', env }), 'spdy')
    const failed = await cluster.tryKubectl(['exec', 'deploy/web', '--', 'false'], { env })
    assert.equal(failed.code, 1)
  })

  test('cp copies into a container and back', async () => {
    const [pod = ''] = (await kubectl('get pods -l app=web -o jsonpath={.items[*].metadata.name}')).split(' ')
    const there = join(cluster.directory, 'there')
    const back = join(cluster.directory, 'back')
    writeFileSync(there, 'copied\n')
    await kubectl(['cp', there, `${pod}:/tmp/copied`])
    await kubectl(['cp', `${pod}:/tmp/copied`, back])
    assert.equal((await run('cat', [back])).stdout, 'copied\n')
  })

  for (const websockets of ['true', 'false'])
    test(`port-forward carries connections (websockets: ${websockets})`, async () => {
      const forward = cluster.startKubectl(['port-forward', 'deployment/web', ':8080'], {
        KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets,
      })
      try {
        const port = await eventually(
          'the forwarded port',
          async () => /127\.0\.0\.1:(\d+) -> 8080/.exec(forward.output())?.[1],
        )
        for (let i = 0; i < 3; i += 1) assert.match(await httpGet(Number(port)), /web-/)
      } finally {
        await forward.stop()
      }
    })

  test('scale changes the replicas', async () => {
    await kubectl('scale deployment/web --replicas=1')
    await eventually(
      'one replica',
      async () => (await kubectl('get pods -l app=web --no-headers')).trim().split('\n').length === 1,
    )
    await kubectl('scale deployment/web --replicas=3')
    await kubectl('rollout status deployment/web --timeout=60s')
  })

  test('rollout restarts, undoes and shows history', async () => {
    await kubectl('set env deployment/web COLOUR=blue')
    await kubectl('rollout status deployment/web --timeout=60s')
    assert.match(await kubectl('rollout history deployment/web'), /\n1 +<none>\n2 +<none>/)
    await kubectl('rollout undo deployment/web')
    await kubectl('rollout status deployment/web --timeout=60s')
    assert.equal(await kubectl('get deployment web -o jsonpath={.spec.template.spec.containers[0].env}'), '')
    await kubectl('rollout restart deployment/web')
    await kubectl('rollout status deployment/web --timeout=60s')
    assert.match(await kubectl('get deployment web -o jsonpath={.spec.template.metadata.annotations}'), /restartedAt/)
    await kubectl('rollout pause deployment/web')
    assert.equal(await kubectl('get deployment web -o jsonpath={.spec.paused}'), 'true')
    await kubectl('rollout resume deployment/web')
  })

  test('edit, label and annotate change an object', async () => {
    await kubectl('create configmap settings --from-literal=colour=red')
    await kubectl('edit configmap settings', { env: { EDITOR: 'sed -i s/red/green/' } })
    assert.equal(await kubectl('get configmap settings -o jsonpath={.data.colour}'), 'green')
    await kubectl('label configmap settings tier=one')
    assert.match(await kubectl('get configmap -l tier=one'), /settings/)
    await kubectl('annotate configmap settings note=hello')
    const refused = await cluster.tryKubectl('label configmap settings tier=two')
    assert.notEqual(refused.code, 0)
  })

  test('delete with cascade orphan leaves dependents, and background collects them', async () => {
    await cluster.apply({
      ...web(1),
      metadata: { name: 'lone' },
      spec: {
        ...web(1).spec,
        selector: { matchLabels: { app: 'lone' } },
        template: { ...web(1).spec.template, metadata: { labels: { app: 'lone' } } },
      },
    })
    await kubectl('rollout status deployment/lone --timeout=60s')
    await kubectl('delete deployment lone --cascade=orphan')
    const sets = (await kubectl('get replicasets -l app=lone -o name')).trim()
    assert.match(sets, /replicaset\.apps\/lone-/)
    await kubectl(`delete ${sets}`)
    await eventually('its pods to go', async () => (await kubectl('get pods -l app=lone -o name')) === '' || undefined)
  })

  test('wait waits for conditions and deletions', async () => {
    await kubectl(['run', 'short', `--image=${testImage}`, '--restart=Never', '--', 'sleep', '600'])
    await kubectl('wait pod/short --for=condition=Ready --timeout=30s')
    const deleting = kubectl('delete pod short --grace-period=1')
    await kubectl('wait pod/short --for=delete --timeout=30s')
    await deleting
  })

  test('events lists what happened', async () => {
    assert.match(await kubectl('events --for deployment/web'), /ScalingReplicaSet/)
    assert.match(await kubectl('get events'), /Scheduled/)
  })

  test('create token gives a token that authenticates', async () => {
    await kubectl('create serviceaccount robot')
    const token = (await kubectl('create token robot')).trim()
    const whoami = await run('kubectl', [
      '--kubeconfig',
      '/dev/null',
      '--server',
      `https://127.0.0.1:${cluster.apiPort}`,
      '--insecure-skip-tls-verify',
      '--token',
      token,
      'auth',
      'whoami',
    ])
    assert.match(whoami.stdout, /system:serviceaccount:default:robot/)
  })

  test('auth can-i tells what roles allow', async () => {
    assert.match(await kubectl('auth can-i delete pods'), /^yes/)
    assert.match(
      (await cluster.tryKubectl('auth can-i list secrets --as=system:serviceaccount:default:default')).stdout,
      /^no/,
    )
    await kubectl('create rolebinding readers --clusterrole=view --serviceaccount=default:default')
    await eventually(
      'the binding to count',
      async () =>
        (await cluster.tryKubectl('auth can-i list pods --as=system:serviceaccount:default:default')).code === 0,
    )
    assert.match(await kubectl('auth can-i --list'), /\*\.\*/)
  })

  test('explain describes types and fields', async () => {
    assert.match(await kubectl('explain deployment.spec.strategy'), /rollingUpdate\s+<RollingUpdateDeployment>/)
    assert.match(await kubectl('explain pod.spec.containers'), /livenessProbe\s+<Probe>/)
  })

  test('diff shows what apply would change', async () => {
    assert.equal((await cluster.tryKubectl('diff -f -', { input: JSON.stringify(web(3)) })).code, 0)
    const { code, stdout } = await cluster.tryKubectl('diff -f -', { input: JSON.stringify(web(5)) })
    assert.equal(code, 1)
    assert.match(stdout, /-\s+replicas: 3\n\+\s+replicas: 5/)
  })

  test('a server-side dry run answers and changes nothing', async () => {
    assert.match(await kubectl('create configmap ghost --dry-run=server -o name'), /configmap\/ghost/)
    assert.match(
      (await cluster.tryKubectl('get configmap ghost')).stderr,
      /Error from server \(NotFound\): configmaps "ghost" not found/,
    )
  })

  test('server-side apply owns fields and names its conflicts', async () => {
    const settings = (colour: string) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned' }, data: { colour } })
    await kubectl('apply --server-side -f -', { input: settings('red') })
    const refused = await cluster.tryKubectl('apply --server-side --field-manager=other -f -', {
      input: settings('blue'),
    })
    assert.match(refused.stderr, /conflict with "kubectl": \.data\.colour/)
    await kubectl('apply --server-side --field-manager=other --force-conflicts -f -', { input: settings('blue') })
    assert.equal(await kubectl('get configmap owned -o jsonpath={.data.colour}'), 'blue')
  })

  test('api-resources, api-versions, version and cluster-info answer', async () => {
    assert.match(await kubectl('api-resources'), /deployments +deploy +apps\/v1 +true +Deployment/)
    assert.match(await kubectl('api-versions'), /batch\/v1/)
    assert.match(await kubectl('version'), /Server Version: v1\.37/)
    assert.match(await kubectl('cluster-info'), /is running at/)
  })

  describe('bad input', () => {
    const refused = async (args: string, input: string, expected: RegExp) => {
      const { code, stderr } = await cluster.tryKubectl(args, { input })
      assert.notEqual(code, 0)
      assert.match(stderr, expected)
    }
    test('malformed YAML and JSON', () => refused('apply -f -', 'a: [', /error (parsing|converting YAML)/))
    test('an unknown field under strict validation', () =>
      refused(
        'create --validate=strict -f -',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nfoo: 1\n',
        /unknown field "foo"/,
      ))
    test('a wrong type', () =>
      refused(
        'create --validate=false -f -',
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: many}\n',
        /cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32/,
      ))
    test('a missing namespace', () => refused('create configmap x -n nowhere', '', /namespaces "nowhere" not found/))
    test('a name that is taken', async () => {
      await kubectl('create configmap taken')
      await refused('create configmap taken', '', /configmaps "taken" already exists/)
    })
    test('invalid values with their field paths', () =>
      refused(
        'create -f -',
        'apiVersion: v1\nkind: Pod\nmetadata: {name: X}\nspec: {containers: [{name: a}]}\n',
        /metadata\.name: Invalid value: "X".*spec\.containers\[0\]\.image: Required value/s,
      ))
    test('an outdated resourceVersion', async () => {
      await kubectl('create configmap stale')
      const old = await kubectl('get configmap stale -o json')
      await kubectl('label configmap stale a=b')
      await refused(
        'replace -f -',
        old,
        /the object has been modified; please apply your changes to the latest version and try again/,
      )
    })
    test('a body over 3 MiB', async () => {
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'huge' },
        data: { x: 'x'.repeat(3_200_000) },
      })
      await refused(
        'create --validate=false -f -',
        body,
        /Request entity is too large|RequestEntityTooLarge|request is too large/i,
      )
    })
  })
})

function httpGet(port: number): Promise<string> {
  return new Promise((done, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'))
    let text = ''
    socket.on('data', part => (text += part.toString()))
    socket.on('error', reject)
    socket.on('close', () => done(text))
  })
}
