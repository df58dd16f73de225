/** `--feature-gates`, as Kubernetes' components take it: `Name=true,Other=false`. */
import { CliError } from './cli-error.ts'

/** Features that are off by default and can be turned on. */
export const knownFeatureGates: readonly string[] = ['CBORServingAndStorage']

/** Throws where a gate is not known or its value is no boolean. */
export function parseFeatureGates(text: string): Record<string, boolean> {
  const gates: Record<string, boolean> = {}
  for (const part of text.split(',').filter(each => each.trim() !== '')) {
    const [name = '', value] = part.split('=').map(each => each.trim())
    if (!knownFeatureGates.includes(name)) {
      throw new CliError(`unrecognized feature gate: ${name}`, `known are: ${knownFeatureGates.join(', ')}`)
    }
    if (value !== 'true' && value !== 'false') {
      throw new CliError(`invalid value of ${name}: ${value ?? 'none'}`, 'give true or false')
    }
    gates[name] = value === 'true'
  }
  return gates
}
