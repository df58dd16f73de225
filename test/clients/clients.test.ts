/** Client libraries and Helm against a cluster with real containers, each as its own users use it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, hasKubectl, missingForContainers, run, TestCluster, testImage } from '../e2e/test-cluster.ts'
import { clientGo, hasProgram, helm, javascript, olderKubectl, python } from './tools.ts'

const chart = join(import.meta.dirname, 'helm', 'chart')
const skip = missingForContainers() ?? (hasKubectl() ? false : 'needs kubectl')
const hasGo = await hasProgram('go', 'version')
const hasPython = await hasProgram('python3', '-c', 'import ensurepip, venv')
const hasNpm = await hasProgram('npm', '--version')
const needs = (present: boolean, what: string) => ({ skip: skip || (present ? false : `needs ${what}`) })

let cluster: TestCluster
before(async () => {
  if (!skip) cluster = await TestCluster.start()
})
after(() => cluster?.end())

async function use(command: string, args: readonly string[], namespace: string): Promise<void> {
  await cluster.kubectl(`create namespace ${namespace}`)
  await eventually('the service account of the namespace', () =>
    cluster.kubectl(`get serviceaccount default --namespace ${namespace} --output name`),
  )
  const ran = await run(command, [...args, cluster.kubeconfig, namespace, testImage], { timeoutMs: 240_000 })
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`)
  assert.match(ran.stdout, /done\n$/)
}

test(
  'client-go of today: informers, conflicts, apply, dynamic, paging, election, streams',
  needs(hasGo, 'Go'),
  async () => {
    await use(await clientGo(), [], 'client-go')
  },
)

test('client-go of two years ago does the same', needs(hasGo, 'Go'), async () => {
  await use(await clientGo('client-go-0.31.mod'), [], 'client-go-old')
})

test('the Python client', needs(hasPython, 'python3 with venv'), async () => {
  await use(await python(), [join(import.meta.dirname, 'python', 'client.py')], 'python')
})

test('the JavaScript client', needs(hasNpm, 'npm'), async () => {
  await use(process.execPath, [await javascript()], 'javascript')
})

test('Helm installs, upgrades, rolls back and uninstalls a chart with hooks', needs(hasGo, 'Go'), async () => {
  const program = await helm()
  const tool = async (...args: string[]) => {
    const ran = await run(program, [...args, '--namespace', 'helm', '--kubeconfig', cluster.kubeconfig], {
      timeoutMs: 180_000,
    })
    assert.equal(ran.code, 0, `helm ${args.join(' ')}: ${ran.stdout}${ran.stderr}`)
    return ran.stdout
  }
  const text = () => cluster.kubectl('get configmap release --namespace helm --output jsonpath={.data.text}')
  const set = (value: string) => ['--set', `image=${testImage},text=${value}`, '--wait', '--timeout', '2m']
  await tool('install', 'release', chart, '--create-namespace', ...set('first'))
  assert.equal(await text(), 'first')
  assert.match(await cluster.kubectl('get job release-pre-install --namespace helm'), /1\/1/)
  await tool('upgrade', 'release', chart, ...set('second'))
  assert.equal(await text(), 'second')
  assert.match(await cluster.kubectl('get job release-post-upgrade --namespace helm'), /1\/1/)
  await tool('rollback', 'release', '1', '--wait', '--timeout', '2m')
  assert.equal(await text(), 'first')
  assert.match(await tool('history', 'release'), /Rollback to 1/)
  await tool('uninstall', 'release', '--wait')
  assert.equal(await cluster.kubectl('get deployment,service --namespace helm --output name'), '')
})

const deployment = (text: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {text: ${text}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: ${testImage}, command: [sh, -c, 'while :; do sleep 1; done']}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`

test('kubectl of one minor version before: its main commands', needs(hasGo, 'Go'), async () => {
  const program = await olderKubectl()
  const attempt = (args: string, input = '') =>
    run(program, ['--kubeconfig', cluster.kubeconfig, '--namespace', 'kubectl-old', ...args.split(' ')], {
      timeoutMs: 120_000,
      input,
    })
  const kubectl = async (args: string, input = '') => {
    const ran = await attempt(args, input)
    assert.equal(ran.code, 0, `kubectl ${args}: ${ran.stdout}${ran.stderr}`)
    return ran.stdout
  }
  const { serverVersion, clientVersion } = JSON.parse(await kubectl('version --output json'))
  assert.equal(Number(clientVersion.minor), Number(serverVersion.minor) - 1)
  await kubectl('create namespace kubectl-old')
  await kubectl('apply --filename -', deployment('first'))
  await kubectl('rollout status deployment/web --timeout 100s')
  await kubectl('apply --server-side --force-conflicts --filename -', deployment('second'))
  await kubectl('rollout status deployment/web --timeout 100s')
  assert.equal((await attempt('diff --filename -', deployment('third'))).code, 1)
  await kubectl('scale deployment/web --replicas 2')
  await kubectl('wait --for condition=Available deployment/web --timeout 100s')
  assert.match(await kubectl('get deployment,pod,service --output wide'), /deployment.apps\/web +2\/2/)
  assert.match(await kubectl('describe deployment web'), /Annotations: +text: second/)
  assert.match(await kubectl('explain deployment.spec.replicas'), /FIELD: replicas <integer>/)
  assert.match(await kubectl('api-resources --output name'), /deployments.apps\n/)
  await kubectl('label deployment/web tier=front')
  await kubectl('annotate deployment/web note=x')
  await kubectl('set env deployment/web A=b')
  await kubectl('rollout undo deployment/web')
  await kubectl('patch deployment web --type json --patch [{"op":"replace","path":"/spec/replicas","value":1}]')
  await kubectl('create configmap settings --from-literal a=b')
  assert.equal(await kubectl('get configmap settings --output jsonpath={.data.a}'), 'b')
  assert.equal(await kubectl('auth can-i create pods'), 'yes\n')
  await kubectl('rollout status deployment/web --timeout 100s')
  assert.ok((await kubectl('get events --output name')).includes('event/'))
  await kubectl('logs deployment/web')
  await kubectl('delete deployment,service,configmap --all --wait')
  await kubectl('delete namespace kubectl-old --wait')
})
