// Uses a cluster by @kubernetes/client-node: client.mjs KUBECONFIG NAMESPACE IMAGE. Fails at the first fault.
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import * as k8s from '@kubernetes/client-node'

const [kubeconfig, namespace, image] = process.argv.slice(2)
const config = new k8s.KubeConfig()
config.loadFromFile(kubeconfig)
const core = config.makeApiClient(k8s.CoreV1Api)

async function eventually(what, holds) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return
    await sleep(100)
  }
  assert.fail(what)
}

const seen = { add: 0, update: 0, delete: 0 }
const path = `/api/v1/namespaces/${namespace}/configmaps`
const informer = k8s.makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace }))
for (const event of Object.keys(seen))
  informer.on(event, object => {
    if (object.metadata.name.startsWith('node-')) seen[event] += 1
  })
await informer.start()
for (let i = 0; i < 20; i += 1)
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: `node-${i}` }, data: { i: `${i}` } } })
await eventually('the informer sees what is added', () => seen.add === 20)
const { items } = await core.listNamespacedConfigMap({ namespace, limit: 5 })
assert.equal(items.length, 5)
const object = await core.readNamespacedConfigMap({ namespace, name: 'node-0' })
object.data = { i: 'changed' }
await core.replaceNamespacedConfigMap({ namespace, name: 'node-0', body: object })
await assert.rejects(core.replaceNamespacedConfigMap({ namespace, name: 'node-0', body: object }), { code: 409 })
for (let i = 0; i < 20; i += 1) await core.deleteNamespacedConfigMap({ namespace, name: `node-${i}` })
await eventually('the informer sees what is deleted', () => seen.delete === 20)
assert.ok(seen.update >= 1)
await informer.stop()
await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'node-0' }), { code: 404 })

const container = { name: 'main', image, command: ['sh', '-c', 'echo logged; sleep 600'] }
const body = { metadata: { name: 'node' }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } }
await core.createNamespacedPod({ namespace, body })
await eventually('the pod runs', async () => {
  const { status } = await core.readNamespacedPod({ namespace, name: 'node' })
  return status.phase === 'Running'
})
const collect = stream => {
  const parts = []
  stream.on('data', part => parts.push(part))
  return () => Buffer.concat(parts).toString()
}
const log = new PassThrough()
const logged = collect(log)
await new k8s.Log(config).log(namespace, 'node', 'main', log, { follow: false })
await eventually('the log comes', () => logged() === 'logged\n')
const out = new PassThrough()
const told = collect(out)
const ended = Promise.withResolvers()
await new k8s.Exec(config).exec(namespace, 'node', 'main', ['echo', 'hello'], out, null, null, false, ended.resolve)
assert.equal((await ended.promise).status, 'Success')
assert.equal(told(), 'hello\n')
await core.deleteNamespacedPod({ namespace, name: 'node' })
console.log('done')
