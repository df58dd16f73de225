/** What a stopped container says of its end (API: Container.terminationMessagePath and -Policy). */
import { closeSync, openSync, readSync } from 'node:fs'
import type { ContainerRecord } from '../pods/pod-runtime.ts'
import { logTail } from './log-tail.ts'

const maxMessageBytes = 4096
const maxLogBytes = 2048
const maxLogLines = 80

export function readLastWords(record: ContainerRecord): string {
  if (record.state !== 'exited') return ''
  const message = record.messageHostPath === '' ? '' : readStart(record.messageHostPath)
  if (message !== '' || record.messagePolicy !== 'FallbackToLogsOnError' || record.exitCode === 0) return message
  return logTail(record.logPath, maxLogLines, maxLogBytes)
}

function readStart(path: string): string {
  try {
    const descriptor = openSync(path, 'r')
    try {
      const buffer = Buffer.alloc(maxMessageBytes)
      return buffer.subarray(0, readSync(descriptor, buffer, 0, maxMessageBytes, 0)).toString('utf8')
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return ''
  }
}
