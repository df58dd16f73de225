import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HealthSlis } from './health-slis.ts'

test('the last outcome of a check and their number are metrics', async () => {
  const slis = new HealthSlis()
  slis.observe('etcd', 'livez', true)
  slis.observe('etcd', 'livez', false)
  const text = await slis.registry.metrics()
  assert.match(text, /^kubernetes_healthcheck\{name="etcd",type="livez"\} 0$/m)
  assert.match(text, /^kubernetes_healthchecks_total\{name="etcd",type="livez",status="success"\} 1$/m)
  assert.match(text, /^kubernetes_healthchecks_total\{name="etcd",type="livez",status="error"\} 1$/m)
})
