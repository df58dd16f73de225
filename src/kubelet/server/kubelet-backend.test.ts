import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ContainerState } from '../cri/enums.ts'
import { kubeletBackend } from './kubelet-backend.ts'

test('a container that the worker of its pod has not seen running yet may still write to its log', async () => {
  /** What the worker has seen of the container, and what the runtime says when it is asked. */
  let seen: { id: string; state: string }[] | undefined = []
  let state: number | undefined = ContainerState.running
  const kubelet = {
    containers: { logFiles: async () => ({ record: { id: 'c', logPath: '/log' } }) },
    manager: { byName: () => seen && { runtime: { containers: seen } } },
  }
  const runtime = { containerStatus: async () => (state === undefined ? undefined : { state }) }
  const backend = kubeletBackend(kubelet as never, runtime as never)
  const source = await backend.logOf({ namespace: 'a', pod: 'p', container: 'main' }, false)
  assert.ok('isLive' in source)
  assert.equal(await source.isLive(), true)
  seen = [{ id: 'c', state: 'created' }]
  assert.equal(await source.isLive(), true)
  state = ContainerState.exited
  assert.equal(await source.isLive(), false)
  state = undefined
  assert.equal(await source.isLive(), false)
  seen = [{ id: 'c', state: 'running' }]
  assert.equal(await source.isLive(), true)
  seen = [{ id: 'c', state: 'exited' }]
  state = ContainerState.running
  assert.equal(await source.isLive(), false)
  seen = undefined
  assert.equal(await source.isLive(), false)
})
