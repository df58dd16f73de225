/** Runs the admission plugins in order. */
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'

export async function admitMutating(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) await plugin.admit?.(attributes)
}

export async function admitValidating(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) await plugin.validate?.(attributes)
}
