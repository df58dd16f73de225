/** Runs the admission plugins in order. */
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'

type Step = (attributes: AdmissionAttributes) => Promise<void> | void

interface Steps {
  readonly mutating: readonly Step[]
  readonly validating: readonly Step[]
}

/** Most plugins have one step only: to wait for the other, which is none, costs every write. */
const stepsOf = new WeakMap<readonly AdmissionPlugin[], Steps>()

function steps(plugins: readonly AdmissionPlugin[]): Steps {
  let found = stepsOf.get(plugins)
  if (!found) {
    found = {
      mutating: plugins.flatMap(plugin => plugin.admit?.bind(plugin) ?? []),
      validating: plugins.flatMap(plugin => plugin.validate?.bind(plugin) ?? []),
    }
    stepsOf.set(plugins, found)
  }
  return found
}

export async function admitMutating(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  const { mutating } = steps(plugins)
  await run(mutating, attributes)
  const { reinvocation } = attributes
  if (!reinvocation?.wanted) return
  // Once more and no further: who came before a change has not seen it (upstream: admission/reinvocation.go).
  reinvocation.isAgain = true
  await run(mutating, attributes)
}

export async function admitValidating(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  await run(steps(plugins).validating, attributes)
}

/** Most steps have nothing to wait for: a turn of the queue for each would cost every write more than the steps do. */
async function run(all: readonly Step[], attributes: AdmissionAttributes): Promise<void> {
  for (const step of all) {
    const waiting = step(attributes)
    if (waiting) await waiting
  }
}
