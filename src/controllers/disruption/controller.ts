import { Pod } from '../../api/core/v1/pod.ts'
import { PodDisruptionBudget } from '../../api/policy/v1/pod-disruption-budget.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { type Plan, updateStatus } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, keyOf, objectOf } from '../runtime/controller.ts'
import { isTerminating } from '../runtime/pods.ts'
import { needsScale, planBudget } from './plan.ts'
import { scaleFinder } from './scales.ts'

/** Keys of pods, among those of budgets. */
const podPrefix = 'pod:'
/** A pod that was told of its disruption, and is still there, was spared. */
const staleAfterMs = 120_000

export const disruptionController: ControllerDefinition = {
  name: 'disruption-controller',
  workers: 2,
  build(context) {
    const budgets = context.informer(PodDisruptionBudget)
    const pods = context.informer(Pod)
    const findScale = scaleFinder(context)
    enqueueChanged(budgets, context)
    const tell = (pod: Pod) => {
      for (const budget of budgets.list(pod.metadata.namespace))
        if (selects(budget, pod)) context.enqueue(keyOf(budget))
    }
    pods.subscribe(({ object, old }) => {
      if (old) tell(old)
      tell(object)
      if (disruptionOf(object)) context.enqueue(`${podPrefix}${keyOf(object)}`)
    })
    const planFor = async (budget: PodDisruptionBudget) => {
      const selected = pods.list(budget.metadata.namespace).filter(pod => selects(budget, pod))
      const scale = needsScale(budget) ? await findScale(selected).catch((error: Error) => error) : undefined
      return planBudget({ budget, pods: selected, scale, nowMs: context.clock.now() })
    }
    return {
      plan(key) {
        if (key.startsWith(podPrefix)) {
          const pod = objectOf(pods, key.slice(podPrefix.length))
          return pod && planSpared(pod, context.clock.now())
        }
        const budget = objectOf(budgets, key)
        return budget?.metadata.deletionTimestamp === undefined && budget ? planFor(budget) : undefined
      },
    }
  },
}

/** In policy/v1 an empty selector selects all pods of the namespace, a missing one none. */
const selects = ({ spec }: PodDisruptionBudget, pod: Pod): boolean =>
  spec.selector !== undefined && labelSelectorOf(spec.selector).matches(pod.metadata.labels)

const disruptionOf = (pod: Pod) =>
  isTerminating(pod)
    ? undefined
    : pod.status.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True')

/** Takes the condition DisruptionTarget back from a pod that was not deleted after all. */
function planSpared(pod: Pod, nowMs: number): Plan | undefined {
  const condition = disruptionOf(pod)
  if (!condition) return undefined
  const leftMs = epochMsOf(condition.lastTransitionTime) + staleAfterMs - nowMs
  if (leftMs > 0) return { steps: [], requeueAfterMs: leftMs }
  const spared = { ...condition, status: 'False', lastTransitionTime: timeOf(nowMs) }
  const conditions = pod.status.conditions?.map(one => (one === condition ? spared : one))
  return { steps: [[updateStatus(Pod, { ...pod, status: { ...pod.status, ...(conditions ? { conditions } : {}) } })]] }
}
