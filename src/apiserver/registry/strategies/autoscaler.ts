/** Autoscalers: stored in autoscaling/v2, converted at the edge. */
import type { HorizontalPodAutoscaler as V1 } from '../../../api/autoscaling/v1/horizontal-pod-autoscaler.ts'
import { HorizontalPodAutoscaler as V2 } from '../../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import { autoscalerToV1, autoscalerToV2 } from '../../../machinery/conversion/horizontal-pod-autoscaler.ts'
import { applyDefaults } from '../../../machinery/defaulting.ts'
import { cloneJson } from '../clone.ts'
import type { PureConversion } from '../resource.ts'
import type { ObjectJson } from '../stored-object.ts'

export const autoscalerConversion: PureConversion = {
  toStorage(object) {
    const stored = cloneJson(autoscalerToV2(object as unknown as V1) as unknown as ObjectJson)
    applyDefaults(V2, stored)
    return stored
  },
  fromStorage: object => autoscalerToV1(object as unknown as V2) as unknown as ObjectJson,
}
