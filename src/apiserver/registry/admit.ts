/** Runs the admission plugins in order. */
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'

export async function admitMutating(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) await plugin.admit?.(attributes)
  const { reinvocation } = attributes
  if (!reinvocation?.wanted) return
  // Once more and no further: who came before a change has not seen it (upstream: admission/reinvocation.go).
  reinvocation.isAgain = true
  for (const plugin of plugins) await plugin.admit?.(attributes)
}

export async function admitValidating(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) await plugin.validate?.(attributes)
}
