import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClusterConfig } from './cluster-config.ts'
import { makeProgram, type ProgramActions } from './program.ts'
import { sharedSettings } from './server-keys.ts'

test('admission plugins are chosen by the flags of kube-apiserver, the same on all servers', async t => {
  const directory = mkdtempSync('/tmp/admission-flags-')
  t.after(() => rmSync(directory, { recursive: true }))
  const seen: ClusterConfig[] = []
  const actions = {
    checkConfig: async () => {},
    runApiServer: async (config: ClusterConfig) => void seen.push(config),
  } as unknown as ProgramActions
  const flags = ['--enable-admission-plugins', 'OwnerReferencesPermissionEnforcement']
  const more = ['--disable-admission-plugins', 'ServiceAccount,Priority', '--data-dir', join(directory, 'data')]
  await makeProgram(actions).parseAsync(['apiserver', ...flags, ...more], { from: 'user' })
  assert.deepEqual(seen[0]?.enableAdmissionPlugins, ['OwnerReferencesPermissionEnforcement'])
  assert.deepEqual(seen[0]?.disableAdmissionPlugins, ['ServiceAccount', 'Priority'])
  for (const name of ['enableAdmissionPlugins', 'disableAdmissionPlugins'] as const)
    assert.ok(sharedSettings.includes(name), name)
})
