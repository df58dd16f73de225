/** The two classes that every cluster has. Admission knows them also before they are stored. */
export const systemPriorityClasses = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'For pods that must not leave their node, such as its network and its proxy.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description: 'For pods that the cluster cannot do without, but that may move to another node.',
  },
] as const
