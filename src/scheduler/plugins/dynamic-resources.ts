/** Keeps back pods that need devices: nothing allocates these yet (KEP-4381). */
import type { FilterPlugin } from '../framework.ts'

const rejection = { plugin: 'DynamicResources', reasons: ['cannot allocate all claims'], unresolvable: true }

export const dynamicResources: FilterPlugin = {
  name: 'DynamicResources',
  prepare: ({ pod }) => ((pod.spec.resourceClaims ?? []).length > 0 ? () => rejection : undefined),
  mayHelp: () => false,
}
