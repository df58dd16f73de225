/** The audit log of a cluster, as its settings ask for it. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Auditor } from '../apiserver/audit/auditor.ts'
import { LogFile } from '../apiserver/audit/log-file.ts'
import { type Policy, PolicyError, parsePolicy } from '../apiserver/audit/policy.ts'
import type { Clock } from '../base/clock.ts'
import { CliError } from '../cli/cli-error.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'

type AuditSettings = Pick<ClusterConfig, 'auditPolicyFile' | 'auditLogPath'>

export interface OpenAudit {
  readonly auditor: Auditor
  readonly log: LogFile
}

/** undefined: nothing is recorded. Throws CliError where a setting is missing or the policy cannot be read. */
export function readAuditPolicy({ auditPolicyFile = '', auditLogPath = '' }: AuditSettings): Policy | undefined {
  if (auditPolicyFile === '' && auditLogPath === '') return undefined
  if (auditPolicyFile === '')
    throw new CliError('--audit-log-path needs a policy: nothing would be recorded', 'give --audit-policy-file too')
  if (auditLogPath === '')
    throw new CliError('--audit-policy-file needs a place for its events', 'give --audit-log-path too')
  if (auditLogPath !== '-') requireFolder(auditLogPath)
  try {
    return parsePolicy(readFileSync(auditPolicyFile, 'utf8'))
  } catch (error) {
    const what = error instanceof PolicyError ? 'is not a valid audit policy' : 'cannot be read'
    throw new CliError(
      `the audit policy ${auditPolicyFile} ${what}: ${(error as Error).message}`,
      "put the file right, or turn audit off: --audit-policy-file '' --audit-log-path ''",
    )
  }
}

function requireFolder(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    throw new CliError(
      `the audit log cannot be written: ${(error as Error).message}`,
      'choose another --audit-log-path',
    )
  }
}

export function openAudit(settings: AuditSettings, clock: Clock): OpenAudit | undefined {
  const policy = readAuditPolicy(settings)
  if (!policy) return undefined
  const log = new LogFile({ path: settings.auditLogPath ?? '-' })
  return { log, auditor: new Auditor({ policy, clock, write: line => log.write(line) }) }
}
