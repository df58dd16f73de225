import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StartSteps } from './start-steps.ts'

test('a step is well once it has ended', async () => {
  const steps = new StartSteps()
  const named = (name: string) => steps.checks.find(check => check.name === name)!
  const crds = named('poststarthook/crd-informer-synced')
  await assert.rejects(crds.check(), /not finished/)
  steps.done('customResources')
  await crds.check()
  await assert.rejects(named('autoregister-completion').check(), /not finished/)
  assert.deepEqual(named('informer-sync').in, ['readyz'])
})
