/** The cpu and memory of a container or pod as numbers: the resources that can change while it runs. */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ResourceRequirements } from '../../api/core/v1/resources.ts'
import { Quantity } from '../../machinery/quantity.ts'
import { milliOf, unitsOf } from '../resources/amounts.ts'
import { limitsWithin } from '../resources/limits-within.ts'

export interface ComputeAmounts {
  /** Bytes; 0 for none. */
  readonly memoryLimit: number
  readonly memoryRequest: number
  /** Thousandths; 0 for none. */
  readonly cpuLimit: number
  readonly cpuRequest: number
}

export const containerAmounts = (
  pod: ResourceRequirements | undefined,
  container: ResourceRequirements | undefined,
): ComputeAmounts => {
  const limits = limitsWithin(pod, container)
  return {
    memoryLimit: unitsOf(limits.memory),
    memoryRequest: unitsOf(container?.requests?.memory),
    cpuLimit: milliOf(limits.cpu),
    cpuRequest: milliOf(container?.requests?.cpu),
  }
}

export const podLevelAmounts = (pod: ResourceRequirements | undefined): ComputeAmounts => ({
  memoryLimit: unitsOf(pod?.limits?.memory),
  memoryRequest: unitsOf(pod?.requests?.memory),
  cpuLimit: milliOf(pod?.limits?.cpu),
  cpuRequest: milliOf(pod?.requests?.cpu),
})

export const equalAmounts = (a: ComputeAmounts, b: ComputeAmounts): boolean =>
  a.memoryLimit === b.memoryLimit &&
  a.memoryRequest === b.memoryRequest &&
  a.cpuLimit === b.cpuLimit &&
  a.cpuRequest === b.cpuRequest

/** As requests and limits again; what is 0 is left out. */
export function requirementsOf(amounts: ComputeAmounts): ResourceRequirements {
  const list = (cpu: number, memory: number): Record<string, string> => ({
    ...(cpu === 0 ? {} : { cpu: Quantity.ofMilli(cpu).toString() }),
    ...(memory === 0 ? {} : { memory: Quantity.ofValue(memory, 'BinarySI').toString() }),
  })
  return {
    limits: list(amounts.cpuLimit, amounts.memoryLimit),
    requests: list(amounts.cpuRequest, amounts.memoryRequest),
  }
}

/** Of a whole pod spec's container by name. */
export const amountsIn = (pod: Pick<Pod, 'spec'>, container: { resources?: ResourceRequirements }): ComputeAmounts =>
  containerAmounts(pod.spec.resources, container.resources)
