import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClusterState } from './cluster-state.ts'
import { groupOfTerms, termMatches } from './plugins/affinity-groups.ts'
import { eachNode, type PodGroup } from './pod-groups.ts'
import { type PodInfo, podInfoOf } from './pod-info.ts'
import { newNode, newPod } from './testing/small-cluster.ts'

/** A small generator with a seed, so that a failing run can be repeated. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const zone = 'zone'
const blueByName = { labelSelector: { matchLabels: { color: 'blue' } }, topologyKey: zone, namespaces: ['a'] }
const redByLabel = {
  labelSelector: { matchLabels: { color: 'red' } },
  topologyKey: zone,
  namespaceSelector: { matchLabels: { team: 'x' } },
}

const podNumber = (number: number, pick: (below: number) => number): PodInfo =>
  podInfoOf(
    newPod(`p${number}`, {
      namespace: ['a', 'b'][pick(2)]!,
      labels: { color: ['blue', 'red'][pick(2)]! },
      spec:
        pick(2) === 0
          ? {}
          : { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [blueByName] } } },
    }),
  )

/** The same by a look at all nodes and pods. */
function countAll(state: ClusterState, group: PodGroup): Map<string, number> {
  const counts = new Map<string, number>()
  for (const node of state.nodes()) {
    const domain = group.topologyKey === eachNode ? node.name : node.node.metadata.labels?.[group.topologyKey]
    if (domain === undefined) continue
    for (const info of node.pods.values()) if (group.matches(info)) counts.set(domain, (counts.get(domain) ?? 0) + 1)
  }
  return counts
}

const sorted = (counts: ReadonlyMap<string, number>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1))

test('what is kept up to date is what a look at all nodes and pods finds, whatever comes and goes', () => {
  for (const seed of [1, 2, 3]) {
    const pick = randomOf(seed)
    const state = new ClusterState()
    const [wanting] = [
      podInfoOf(
        newPod('w', {
          namespace: 'a',
          spec: {
            affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [blueByName, redByLabel] } },
          },
        }),
      ),
    ]
    const terms = wanting!.requiredAffinity
    const groups: PodGroup[] = [
      groupOfTerms([terms[0]!], zone, state),
      groupOfTerms([terms[1]!], zone, state),
      groupOfTerms(terms, zone, state),
      { id: 'all of a', namespaces: new Set(['a']), topologyKey: eachNode, matches: info => info.namespace === 'a' },
    ]
    for (let step = 0; step < 400; step++) {
      const name = `n${pick(6)}`
      const labels: Record<string, string> = pick(4) === 0 ? {} : { [zone]: `z${pick(3)}` }
      const action = pick(10)
      if (action < 5) state.addPod(podNumber(pick(40), pick), name)
      else if (action < 7) for (const namespace of ['a', 'b']) state.removePod(`${namespace}/p${pick(40)}`)
      else if (action < 8) state.setNode(newNode(name, { labels }))
      else if (action < 9) state.removeNode(name)
      else state.setNamespace(['a', 'b'][pick(2)]!, pick(2) === 0 ? { team: 'x' } : {})
      for (const group of groups)
        assert.deepEqual(
          sorted(state.groups.countsOf(group)),
          sorted(countAll(state, group)),
          `seed ${seed}, step ${step}, ${group.id}`,
        )
      const anti = new Map<string, number>()
      for (const { term, domains } of state.groups.terms('requiredAntiAffinity')) {
        assert.ok(domains.size > 0)
        if (termMatches(term, podInfoOf(newPod('q', { namespace: 'a', labels: { color: 'blue' } })), state))
          for (const [domain, count] of domains) anti.set(domain, (anti.get(domain) ?? 0) + count)
      }
      const withTerm: PodGroup = {
        id: 'x',
        namespaces: undefined,
        topologyKey: zone,
        matches: info => info.requiredAntiAffinity.length > 0,
      }
      assert.deepEqual(sorted(anti), sorted(countAll(state, withTerm)), `seed ${seed}, step ${step}, terms`)
    }
  }
})

test('the number of nodes in each domain follows nodes and their labels', () => {
  const state = new ClusterState()
  for (const [name, value] of [
    ['n0', 'z0'],
    ['n1', 'z0'],
    ['n2', 'z1'],
  ] as const)
    state.setNode(newNode(name, { labels: { [zone]: value } }))
  assert.deepEqual(sorted(state.domains(zone)), [
    ['z0', 2],
    ['z1', 1],
  ])
  state.setNode(newNode('n1', { labels: { [zone]: 'z1' } }))
  state.removeNode('n2')
  assert.deepEqual(sorted(state.domains(zone)), [
    ['z0', 1],
    ['z1', 1],
  ])
})
