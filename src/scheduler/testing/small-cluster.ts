/** Nodes and pods in one line each, and a cluster of them, for tests. */
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import type { Draft } from '../../schema/message.ts'
import { ClusterState } from '../cluster-state.ts'
import { SchedulingCycle } from '../cycle.ts'
import { filterPlugins, scorePlugins } from '../default-plugins.ts'
import { rejectionMessage } from '../fit-message.ts'
import type { ClusterView, ScorePlugin } from '../framework.ts'
import { podInfoOf } from '../pod-info.ts'

export interface NodeFacts {
  readonly cpu?: string
  readonly memory?: string
  readonly pods?: string
  readonly more?: Record<string, string>
  readonly labels?: Record<string, string>
  readonly taints?: Draft<Node>['spec'] extends infer S ? (S extends { taints?: infer T } ? T : never) : never
  readonly unschedulable?: boolean
  readonly images?: Record<string, number>
}

export function newNode(name: string, facts: NodeFacts = {}): Node {
  const { cpu = '4', memory = '8Gi', pods = '110', more = {}, labels = {}, taints, unschedulable, images = {} } = facts
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: {
      allocatable: { cpu, memory, pods, ...more },
      images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    },
  }
  applyDefaults(Node, node)
  return node as unknown as Node
}

export interface PodFacts {
  readonly namespace?: string
  readonly requests?: Record<string, string>
  readonly labels?: Record<string, string>
  readonly priority?: number
  readonly spec?: Draft<Pod['spec']>
  readonly status?: Draft<Pod['status']>
  readonly metadata?: Draft<Pod['metadata']>
  readonly hostPort?: number
}

export function newPod(name: string, facts: PodFacts = {}): Pod {
  const { namespace = 'default', requests = {}, labels = {}, priority, spec = {}, status = {}, metadata = {} } = facts
  const ports = facts.hostPort === undefined ? [] : [{ containerPort: facts.hostPort, hostPort: facts.hostPort }]
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-of-${name}`, labels, ...metadata },
    spec: {
      containers: [{ name: 'main', image: 'app', resources: { requests }, ports }],
      ...(priority === undefined ? {} : { priority }),
      ...spec,
    },
    status,
  }
  applyDefaults(Pod, pod)
  return pod as unknown as Pod
}

/** Decides as the scheduler does, with the first of equally good nodes. */
export class SmallCluster {
  readonly state = new ClusterState()
  readonly view: ClusterView
  readonly cycle: SchedulingCycle

  constructor(nodes: readonly Node[], scores: readonly ScorePlugin[] = scorePlugins) {
    this.view = { state: this.state, selectorOfOwners: () => undefined }
    this.cycle = new SchedulingCycle({ filters: filterPlugins, scores }, this.view, () => 0.999)
    for (const node of nodes) this.state.setNode(node)
  }

  /** Puts pods on a node. */
  on(node: string, ...pods: Pod[]): this {
    for (const pod of pods) this.state.addPod(podInfoOf(pod), node)
    return this
  }

  /** The node chosen, or why there is none. Nothing is changed. */
  decide(pod: Pod): string {
    const { node, rejections } = this.cycle.run(podInfoOf(pod))
    return node?.name ?? rejectionMessage(this.state.nodes().length, rejections.values())
  }

  /** Decides on one pod after the other, each staying where it was put. */
  place(...pods: Pod[]): string {
    const lines = pods.map(pod => {
      const node = this.decide(pod)
      if (this.state.node(node)) this.state.assume(podInfoOf(pod), node)
      return `${pod.metadata.name}: ${node}`
    })
    return lines.join('\n')
  }
}
