import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/core/v1/pod.ts'
import { KubeletMetrics, operationOf } from './kubelet-metrics.ts'

test('calls of the runtime are counted under the names that upstream gives them', async () => {
  const names = ['RunPodSandbox', 'ListContainerStats', 'ImageFsInfo', 'ExecSync', 'Version']
  assert.deepEqual(
    names.map(name => operationOf(`/runtime.v1.RuntimeService/${name}`)),
    ['run_podsandbox', 'list_container_stats', 'image_fs_info', 'exec_sync', 'version'],
  )
  const metrics = new KubeletMetrics('node-1', 'v1.37.2+clipper', 'linux/amd64')
  metrics.runtimeCalled('/runtime.v1.RuntimeService/StartContainer', 0.2, false)
  metrics.runtimeCalled('/runtime.v1.RuntimeService/StartContainer', 0.3, true)
  const lines = (await metrics.text()).split('\n')
  for (const line of [
    'kubelet_node_name{node="node-1"} 1',
    'kubelet_runtime_operations_total{operation_type="start_container"} 2',
    'kubelet_runtime_operations_errors_total{operation_type="start_container"} 1',
    'kubelet_runtime_operations_duration_seconds_sum{operation_type="start_container"} 0.5',
    'kubelet_started_containers_total{container_type="container"} 1',
  ])
    assert.ok(lines.includes(line), `${line} in ${lines.join('\n')}`)
  assert.ok(lines.some(line => /^kubernetes_build_info\{.*major="1",minor="37"/.test(line)))
})

test('containers that end are counted by what they are and how they ended', async () => {
  const metrics = new KubeletMetrics('a', 'v1.37.2', 'linux/amd64')
  const pod = { spec: { containers: [{ name: 'main' }], initContainers: [{ name: 'first' }] } } as unknown as Pod
  metrics.containerEnded(pod, { name: 'main', exitCode: 139, reason: 'Error' })
  metrics.containerEnded(pod, { name: 'first', exitCode: 0, reason: 'Completed' })
  const text = await metrics.text()
  assert.match(
    text,
    /kubelet_terminated_containers_total\{container_type="container",exit_code="139",reason="Error"\} 1/,
  )
  assert.match(text, /\{container_type="init_container",exit_code="0",reason="Completed"\} 1/)
})
