/** Tests that cannot pass on the machine that runs them, and why; they run all the same (see `outcomeOf`). */
export const environmentReasons: Readonly<Record<string, string>> = {
  '[sig-apps] Daemon set should rollback without unnecessary restarts [Conformance] [Serial]':
    'the cluster of a run has one node',
  '[sig-architecture] Conformance Tests should have at least two untainted nodes [Conformance]':
    'the cluster of a run has one node',
}
