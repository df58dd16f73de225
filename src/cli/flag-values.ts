/** Values of flags: each takes the text of a flag, and says how it should look where it is wrong. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../schema/go-duration.ts'
import { CliError } from './cli-error.ts'

export const port = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new InvalidArgumentError('a port is a number from 1 to 65535.')
  return value
}

export const positive = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above zero is needed.')
  return value
}

export const boolean = (text: string): boolean => {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('true or false is needed.')
  return text === 'true'
}

export const cidr = (text: string): string => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)
  if (!match || match.slice(1, 5).some(part => Number(part) > 255) || Number(match[5]) > 32)
    throw new InvalidArgumentError('a CIDR looks like 10.244.0.0/16.')
  return text
}

/** The origin of an https URL without a path. */
export const serverUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.pathname !== '/')
    throw new InvalidArgumentError('the URL of a server looks like https://192.0.2.2:6443.')
  return url.origin
}

/** As Go writes it. */
export const duration = (text: string): string => {
  try {
    parseDuration(text)
    return text
  } catch {
    throw new InvalidArgumentError('a duration looks like 15s or 1m30s.')
  }
}

export const millisecondsOf = (text: string): number => Number(parseDuration(text) / 1_000_000n)

/** An empty text takes a setting back. */
export const absolutePath = (path: string): string => (path === '' ? '' : resolve(path))

/** What is in the file that a flag names. Throws CliError. */
export function fileOfFlag(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CliError(`--${flag}: ${(error as Error).message}`)
  }
}
