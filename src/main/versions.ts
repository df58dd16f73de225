import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { kubernetesVersion } from '../apiserver/endpoints/version.ts'

export { kubernetesVersion }
export const clipperVersion = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
).version
