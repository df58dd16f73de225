/** Transcripts of decisions: which node each pod gets, or why none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enoughFeasible } from './cycle.ts'
import { imageLocality } from './plugins/image-locality.ts'
import { balancedAllocation } from './plugins/node-resources-balanced-allocation.ts'
import { podInfoOf } from './pod-info.ts'
import { newNode, newPod, SmallCluster } from './testing/small-cluster.ts'

const mebibyte = 2 ** 20
const noSchedule = { key: 'dedicated', value: 'db', effect: 'NoSchedule' } as const
const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } })
const web = { labels: { app: 'web' } }
const selector = { matchLabels: { app: 'web' } }

describe('filters', () => {
  it('say what each node lacks, in upstream’s words', () => {
    const cluster = new SmallCluster([
      newNode('small', { cpu: '1' }),
      newNode('tainted', { taints: [noSchedule] }),
      newNode('cordoned', { unschedulable: true }),
      newNode('full', { pods: '0', memory: '1Mi' }),
    ])
    assert.equal(
      cluster.decide(newPod('p', { requests: { cpu: '2', memory: '1Gi' } })),
      '0/4 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods, ' +
        '1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.',
    )
    assert.equal(
      cluster.decide(newPod('q', { requests: { 'example.com/gpu': '1' } })).includes('Insufficient example.com/gpu'),
      true,
    )
  })

  it('keep back pods that need devices', () => {
    const cluster = new SmallCluster([newNode('n')])
    const resourceClaims = [{ name: 'gpu', resourceClaimName: 'c' }]
    assert.equal(
      cluster.decide(newPod('p', { spec: { resourceClaims } })),
      '0/1 nodes are available: 1 cannot allocate all claims.',
    )
  })

  it('let tolerated taints and cordons pass', () => {
    const cluster = new SmallCluster([newNode('n', { taints: [noSchedule], unschedulable: true })])
    const tolerations = [
      { key: 'dedicated', operator: 'Exists' },
      { key: 'node.kubernetes.io/unschedulable', operator: 'Exists' },
    ] as const
    assert.equal(cluster.decide(newPod('p', { spec: { tolerations: [...tolerations] } })), 'n')
    assert.equal(
      cluster.decide(newPod('p', { spec: { tolerations: [tolerations[1]] } })),
      '0/1 nodes are available: 1 node(s) had untolerated taint(s).',
    )
  })

  it('count the requests of the pods on a node, and free them', () => {
    const cluster = new SmallCluster([newNode('a'), newNode('b')])
    const pod = (name: string) => newPod(name, { requests: { cpu: '3' } })
    assert.equal(
      cluster.place(pod('p1'), pod('p2'), pod('p3')),
      'p1: a\np2: b\np3: 0/2 nodes are available: 2 Insufficient cpu.',
    )
    cluster.state.removePod('default/p1')
    assert.equal(cluster.decide(pod('p3')), 'a')
  })

  it('follow a node whose labels and taints change', () => {
    const cluster = new SmallCluster([newNode('a')])
    const pod = newPod('p', { spec: { nodeSelector: { disk: 'ssd' } } })
    const refused = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    assert.equal(cluster.decide(pod), refused)
    cluster.state.setNode(newNode('a', { labels: { disk: 'ssd' } }))
    assert.equal(cluster.decide(pod), 'a')
    cluster.state.removeNode('a')
    cluster.state.setNode(newNode('a'))
    assert.equal(cluster.decide(pod), refused)
  })

  it('send a pod that names its node in its affinity there alone', () => {
    const cluster = new SmallCluster([newNode('a'), newNode('b', { cpu: '0' })])
    const term = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: ['b'] }] }
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } }
    assert.equal(
      cluster.decide(newPod('p', { requests: { cpu: '1' }, spec: { affinity } })),
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    )
  })

  it('give a host port to one pod a node', () => {
    const cluster = new SmallCluster([newNode('a'), newNode('b')])
    const pod = (name: string) => newPod(name, { hostPort: 80 })
    assert.equal(
      cluster.place(pod('p1'), pod('p2'), pod('p3'), newPod('p4', { hostPort: 81 })),
      "p1: a\np2: b\np3: 0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.\np4: a",
    )
  })

  it('keep the skew between zones within bounds (KEP-895)', () => {
    const spread = {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: selector,
    } as const
    const pod = (name: string) => newPod(name, { ...web, spec: { topologySpreadConstraints: [spread] } })
    const cluster = new SmallCluster([
      newNode('a1', zone('a')),
      newNode('b1', { ...zone('b'), pods: '1' }),
      newNode('x'),
    ])
    assert.equal(
      cluster.place(pod('p1'), pod('p2'), pod('p3'), pod('p4')),
      'p1: a1\np2: b1\np3: a1\n' +
        "p4: 0/3 nodes are available: 1 Too many pods, 1 node(s) didn't match pod topology spread constraints, " +
        "1 node(s) didn't match pod topology spread constraints (missing required label).",
    )
    const manyDomains = { ...spread, minDomains: 3 }
    const strict = newPod('s', { ...web, spec: { topologySpreadConstraints: [manyDomains] } })
    assert.match(cluster.decide(strict), /^0\/3/)
  })

  it('keep apart and together what asks for it', () => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: selector }
    const apart = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const together = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const cluster = new SmallCluster([newNode('a'), newNode('b')])
    const lonely = (name: string) => newPod(name, { ...web, spec: { affinity: apart } })
    assert.equal(
      cluster.place(
        newPod('early', { spec: { affinity: together } }),
        lonely('p1'),
        newPod('friend', { spec: { affinity: together } }),
        lonely('p2'),
        lonely('p3'),
        newPod('plain', web),
        newPod('elsewhere', { ...web, namespace: 'other' }),
      ),
      [
        "early: 0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
        'p1: a',
        'friend: a',
        'p2: b',
        "p3: 0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
        "plain: 0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.",
        'elsewhere: b',
      ].join('\n'),
    )
  })

  it('let the first of a group that wants to be together go anywhere', () => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: selector }
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const pod = (name: string) => newPod(name, { ...web, spec: { affinity } })
    assert.equal(new SmallCluster([newNode('a'), newNode('b')]).place(pod('p1'), pod('p2')), 'p1: a\np2: a')
  })

  it('leave room for pods that were promised a node', () => {
    const cluster = new SmallCluster([newNode('a')])
    const important = newPod('important', { requests: { cpu: '3' }, priority: 10 })
    cluster.state.nominate(podInfoOf(important), 'a')
    const other = { requests: { cpu: '2' } }
    assert.equal(cluster.decide(newPod('low', other)), '0/1 nodes are available: 1 Insufficient cpu.')
    assert.equal(cluster.decide(newPod('higher', { ...other, priority: 11 })), 'a')
    assert.equal(cluster.decide(important), 'a')
  })
})

describe('scores', () => {
  it('prefer nodes with much room', () => {
    const cluster = new SmallCluster([newNode('a'), newNode('b'), newNode('c')])
    const pod = (name: string) => newPod(name, { requests: { cpu: '1', memory: '1Gi' } })
    assert.equal(cluster.place(...['p1', 'p2', 'p3', 'p4'].map(pod)), 'p1: a\np2: b\np3: c\np4: a')
  })

  it('prefer what a pod prefers', () => {
    const cluster = new SmallCluster([newNode('a'), newNode('b', { labels: { disk: 'ssd' } })])
    const preference = { matchExpressions: [{ key: 'disk', operator: 'In' as const, values: ['ssd'] }] }
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] }
    assert.equal(cluster.decide(newPod('p', { spec: { affinity: { nodeAffinity } } })), 'b')
  })

  it('avoid taints that ask to be avoided', () => {
    const cluster = new SmallCluster([
      newNode('a', { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] }),
      newNode('b'),
    ])
    assert.equal(cluster.decide(newPod('p')), 'b')
    assert.equal(cluster.decide(newPod('p', { spec: { tolerations: [{ operator: 'Exists' }] } })), 'a')
  })

  it('spread softly over zones', () => {
    const spread = {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: selector,
    } as const
    const pod = newPod('p', { ...web, spec: { topologySpreadConstraints: [spread] } })
    const nodes = [newNode('a', zone('a')), newNode('b', zone('b'))]
    assert.equal(new SmallCluster(nodes).on('a', newPod('w1', web)).decide(pod), 'b')
    assert.equal(new SmallCluster(nodes).on('b', newPod('w1', web)).decide(pod), 'a')
  })

  it('go near or away from pods by preference', () => {
    const podAffinityTerm = { topologyKey: 'kubernetes.io/hostname', labelSelector: selector }
    const terms = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm }] }
    const cluster = new SmallCluster([newNode('a'), newNode('b')]).on('b', newPod('w1', web))
    assert.equal(cluster.decide(newPod('near', { spec: { affinity: { podAffinity: terms } } })), 'b')
    const other = new SmallCluster([newNode('a'), newNode('b')]).on('a', newPod('w1', web))
    assert.equal(other.decide(newPod('away', { spec: { affinity: { podAntiAffinity: terms } } })), 'b')
  })

  it('prefer nodes with the image', () => {
    const nodes = [newNode('a'), newNode('b', { images: { 'app:latest': 500 * mebibyte } })]
    const cluster = new SmallCluster(nodes, [imageLocality])
    assert.equal(cluster.decide(newPod('p')), 'b')
  })

  it('balance cpu against memory', () => {
    const nodes = [newNode('a', { cpu: '4', memory: '40Gi' }), newNode('b', { cpu: '4', memory: '4Gi' })]
    const cluster = new SmallCluster(nodes, [balancedAllocation])
    assert.equal(cluster.decide(newPod('p', { requests: { cpu: '2', memory: '2Gi' } })), 'b')
  })

  it('look at enough nodes, not all, of a large cluster', () => {
    assert.deepEqual([1, 99, 100, 1000, 5000, 20_000].map(enoughFeasible), [1, 99, 100, 420, 500, 1000])
  })
})

describe('speed', () => {
  it('decides on 1,000 pods of one shape over 1,000 nodes in seconds', t => {
    const cluster = new SmallCluster(Array.from({ length: 1000 }, (_, i) => newNode(`n${i}`, zone(`z${i % 3}`))))
    const start = performance.now()
    for (let i = 0; i < 1000; i++) {
      const pod = newPod(`p${i}`, { requests: { cpu: '100m' } })
      const node = cluster.decide(pod)
      cluster.state.assume(podInfoOf(pod), node)
    }
    const ms = performance.now() - start
    t.diagnostic(`${Math.round(1_000_000 / ms)} decisions a second`)
    assert.ok(ms < 10_000)
    const counts = cluster.state.nodes().map(node => node.pods.size)
    assert.ok(Math.max(...counts) <= 2, 'evenly spread')
  })
})
