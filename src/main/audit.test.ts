import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CliError } from '../cli/cli-error.ts'
import { readAuditPolicy } from './audit.ts'

const fault = (run: () => unknown): CliError => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof CliError)
    return error
  }
  return assert.fail('it was accepted')
}

test('audit settings that cannot work are refused before anything starts', t => {
  const folder = mkdtempSync(join(tmpdir(), 'clipper-audit-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const good = join(folder, 'good.yaml')
  const bad = join(folder, 'bad.yaml')
  writeFileSync(good, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n')
  writeFileSync(bad, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]\n')
  const log = join(folder, 'audit.log')
  assert.equal(readAuditPolicy({}), undefined)
  assert.equal(readAuditPolicy({ auditPolicyFile: '', auditLogPath: '' }), undefined)
  assert.equal(readAuditPolicy({ auditPolicyFile: good, auditLogPath: log })?.rules[0]?.level, 'Metadata')
  assert.match(fault(() => readAuditPolicy({ auditLogPath: log })).next ?? '', /--audit-policy-file/)
  assert.match(fault(() => readAuditPolicy({ auditPolicyFile: good })).next ?? '', /--audit-log-path/)
  assert.match(fault(() => readAuditPolicy({ auditPolicyFile: bad, auditLogPath: log })).message, /rules\[0\]\.level/)
  assert.match(fault(() => readAuditPolicy({ auditPolicyFile: `${bad}x`, auditLogPath: log })).message, /ENOENT/)
  assert.match(
    fault(() => readAuditPolicy({ auditPolicyFile: good, auditLogPath: join(folder, 'no', 'log') })).message,
    /ENOENT/,
  )
})
