/** Transcripts of preemption: which pods go from which node, or why none does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodDisruptionBudget } from '../../api/policy/v1/pod-disruption-budget.ts'
import { podInfoOf } from '../pod-info.ts'
import { newNode, newPod, type PodFacts, SmallCluster } from '../testing/small-cluster.ts'
import { Preemption } from './default-preemption.ts'

const cpu = (amount: string, priority: number, more: PodFacts = {}): PodFacts => ({
  requests: { cpu: amount },
  priority,
  ...more,
})

function planned(cluster: SmallCluster, facts: PodFacts, budgets: PodDisruptionBudget[] = []): string {
  const info = podInfoOf(newPod('incoming', facts))
  const { node, rejections } = cluster.cycle.run(info)
  assert.equal(node, undefined, 'it fits without')
  const before = JSON.stringify(cluster.state.nodes().map(one => [...one.pods.keys()].sort()))
  const found = new Preemption(cluster.cycle, cluster.view, () => 0).plan(info, rejections, budgets)
  const after = JSON.stringify(cluster.state.nodes().map(one => [...one.pods.keys()].sort()))
  assert.equal(after, before, 'asking changes nothing')
  return 'message' in found ? found.message : `${found.plan.node}: ${found.plan.victims.map(victim => victim.name)}`
}

const budget = (app: string, disruptionsAllowed: number) =>
  ({
    metadata: { name: app, namespace: 'default' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed },
  }) as unknown as PodDisruptionBudget

describe('preemption', () => {
  it('removes as few pods as needed, the least important ones', () => {
    const cluster = new SmallCluster([newNode('a')]).on(
      'a',
      newPod('p1', cpu('1', 1)),
      newPod('p2', cpu('1', 2)),
      newPod('p3', cpu('2', 3)),
    )
    assert.equal(planned(cluster, cpu('1', 10)), 'a: p1')
    assert.equal(planned(cluster, cpu('2', 10)), 'a: p2,p1')
  })

  it('prefers the node whose victims matter least', () => {
    const cluster = new SmallCluster([newNode('a'), newNode('b'), newNode('c')])
      .on('a', newPod('a1', cpu('3', 5)))
      .on('b', newPod('b1', cpu('2', 2)), newPod('b2', cpu('2', 2)))
      .on('c', newPod('c1', cpu('4', 2)))
    assert.equal(planned(cluster, cpu('4', 10)), 'c: c1')
  })

  it('spares pods that a disruption budget protects', () => {
    const cluster = new SmallCluster([newNode('a'), newNode('b')])
      .on('a', newPod('a1', cpu('4', 1, { labels: { app: 'web' } })))
      .on('b', newPod('b1', cpu('4', 5)))
    assert.equal(planned(cluster, cpu('4', 10), [budget('web', 0)]), 'b: b1')
    assert.equal(planned(cluster, cpu('4', 10), [budget('web', 1)]), 'a: a1')
  })

  it('says why it cannot help', () => {
    const cluster = new SmallCluster([
      newNode('a'),
      newNode('b', { unschedulable: true }),
      newNode('c', { cpu: '1' }),
    ]).on('a', newPod('a1', cpu('4', 10)))
    assert.equal(
      planned(cluster, cpu('2', 10)),
      'preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, ' +
        '2 Preemption is not helpful for scheduling.',
    )
    assert.equal(
      planned(cluster, cpu('2', 20, { spec: { preemptionPolicy: 'Never' } })),
      'preemption: not eligible due to preemptionPolicy=Never.',
    )
  })

  it('waits while the pods it removed are on their way out', () => {
    const conditions = [
      {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        lastTransitionTime: '2030-01-01T00:00:00Z',
      },
    ]
    const leaving = newPod(
      'a1',
      cpu('4', 1, { metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' }, status: { conditions } }),
    )
    const cluster = new SmallCluster([newNode('a')]).on('a', leaving)
    cluster.state.nominate(podInfoOf(newPod('incoming', cpu('4', 10))), 'a')
    assert.equal(
      planned(cluster, cpu('4', 10)),
      'preemption: not eligible due to a terminating pod on the nominated node.',
    )
  })
})
