/** The cluster's context in the kubeconfig of the person at the terminal. */
import { existsSync } from 'node:fs'
import {
  changeKubeconfig,
  kubeconfigPaths,
  mergeIntoFile,
  readKubeconfig,
  withoutContext,
} from '../client/kubeconfig.ts'
import { CliError } from './cli-error.ts'

const userKubeconfig = (): string => kubeconfigPaths()[0] ?? ''

export async function mergeIntoUserKubeconfig(adminKubeconfig: string): Promise<void> {
  const path = userKubeconfig()
  if (path === adminKubeconfig) return
  try {
    await mergeIntoFile(path, await readKubeconfig(adminKubeconfig))
  } catch (error) {
    throw new CliError(
      `cannot put the cluster into ${path}: ${(error as Error).message}`,
      'mend that file, or give --no-kubeconfig',
    )
  }
}

export async function removeFromUserKubeconfig(clusterName: string): Promise<void> {
  const path = userKubeconfig()
  if (!existsSync(path)) return
  const { contexts } = await readKubeconfig(path).catch(() => ({ contexts: [] }))
  if (contexts.some(({ name }) => name === clusterName))
    await changeKubeconfig(path, config => withoutContext(config, clusterName))
}
