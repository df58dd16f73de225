/** The flow schemas and priority levels that a new cluster has. Those of `exempt` and `catch-all` are fixed (KEP-1040). */
import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  ResourcePolicyRule,
  Subject,
} from '../../api/flowcontrol/v1/flow-schema.ts'
import type { PriorityLevelConfigurationSpec } from '../../api/flowcontrol/v1/priority-level-configuration.ts'

const everyResource: ResourcePolicyRule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
}
const everyPath: NonResourcePolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] }

const group = (name: string): Subject => ({ kind: 'Group', group: { name } })
const user = (name: string): Subject => ({ kind: 'User', user: { name } })
const accountsOf = (namespace: string): Subject => ({
  kind: 'ServiceAccount',
  serviceAccount: { namespace, name: '*' },
})
const everyone = [group('system:unauthenticated'), group('system:authenticated')]

interface Rules {
  readonly resources?: readonly ResourcePolicyRule[]
  readonly paths?: readonly NonResourcePolicyRule[]
}
const everything: Rules = { resources: [everyResource], paths: [everyPath] }

function schema(
  level: string,
  matchingPrecedence: number,
  method: 'ByUser' | 'ByNamespace' | undefined,
  subjects: readonly Subject[],
  { resources, paths }: Rules = everything,
): FlowSchemaSpec {
  return {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(method ? { distinguisherMethod: { type: method } } : {}),
    rules: [
      {
        subjects: [...subjects],
        ...(resources ? { resourceRules: [...resources] } : {}),
        ...(paths ? { nonResourceRules: [...paths] } : {}),
      },
    ],
  }
}

function limited(
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues?: number,
  handSize = 6,
): PriorityLevelConfigurationSpec {
  const limitResponse =
    queues === undefined ? { type: 'Reject' } : { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } }
  return { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse, lendablePercent } }
}

export const mandatoryFlowSchemas: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  ['exempt', schema('exempt', 1, undefined, [group('system:masters')])],
  ['catch-all', schema('catch-all', 10_000, 'ByUser', everyone)],
])

export const mandatoryPriorityLevels: ReadonlyMap<string, PriorityLevelConfigurationSpec> = new Map<
  string,
  PriorityLevelConfigurationSpec
>([
  ['exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }],
  ['catch-all', limited(5, 0)],
])

const leaseRule = (verbs: string[]): ResourcePolicyRule => ({
  verbs,
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  namespaces: ['*'],
})
const nodeRule: ResourcePolicyRule = { ...everyResource, apiGroups: [''], resources: ['nodes', 'nodes/status'] }
const managers = [user('system:kube-controller-manager'), user('system:kube-scheduler')]

export const suggestedFlowSchemas: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  ['system-nodes', schema('system', 500, 'ByUser', [group('system:nodes')])],
  [
    'system-node-high',
    schema('node-high', 400, 'ByUser', [group('system:nodes')], { resources: [nodeRule, leaseRule(['*'])] }),
  ],
  [
    'probes',
    schema('exempt', 2, undefined, everyone, {
      paths: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    }),
  ],
  [
    'system-leader-election',
    schema('leader-election', 100, 'ByUser', [...managers, accountsOf('kube-system')], {
      resources: [leaseRule(['get', 'create', 'update'])],
    }),
  ],
  ['kube-controller-manager', schema('workload-high', 800, 'ByNamespace', [user('system:kube-controller-manager')])],
  ['kube-scheduler', schema('workload-high', 800, 'ByNamespace', [user('system:kube-scheduler')])],
  ['kube-system-service-accounts', schema('workload-high', 900, 'ByNamespace', [accountsOf('kube-system')])],
  ['service-accounts', schema('workload-low', 9000, 'ByUser', [group('system:serviceaccounts')])],
  ['global-default', schema('global-default', 9900, 'ByUser', everyone)],
])

export const suggestedPriorityLevels: ReadonlyMap<string, PriorityLevelConfigurationSpec> = new Map([
  ['system', limited(30, 33, 64)],
  ['node-high', limited(40, 25, 64)],
  ['leader-election', limited(10, 0, 16, 4)],
  ['workload-high', limited(40, 50, 128)],
  ['workload-low', limited(100, 90, 128)],
  ['global-default', limited(20, 50, 128)],
])
