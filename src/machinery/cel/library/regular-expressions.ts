/** Regular expressions in RE2's syntax, matched in linear time, whatever the pattern. */
import { RE2JS } from 're2js'
import { EvaluationError } from '../evaluation-error.ts'
import { func, method, type Overload } from '../functions.ts'
import { ArrayList } from '../values.ts'
import { matching } from './costs.ts'

const maxPatterns = 256
const patterns = new Map<string, RE2JS>()

/** Throws EvaluationError for a pattern that is none. */
export function patternOf(text: string): RE2JS {
  const known = patterns.get(text)
  if (known) return known
  let made: RE2JS
  try {
    made = RE2JS.compile(text)
  } catch (error) {
    throw new EvaluationError((error as Error).message)
  }
  if (patterns.size >= maxPatterns) patterns.delete(patterns.keys().next().value as string)
  patterns.set(text, made)
  return made
}

const isMatch = (text: string, pattern: string): boolean => patternOf(pattern).matcher(text).find()

function find(text: string, pattern: string): string {
  const matcher = patternOf(pattern).matcher(text)
  return matcher.find() ? (matcher.group() ?? '') : ''
}

function findAll(text: string, pattern: string, limit = -1n): ArrayList {
  const found: string[] = []
  const matcher = patternOf(pattern).matcher(text)
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '')
  return new ArrayList(found)
}

export const regularExpressions: readonly Overload[] = [
  func('matches(string, string) bool', isMatch, matching),
  method('string', 'matches(string) bool', isMatch, matching),
  method('string', 'find(string) string', find, matching),
  method('string', 'findAll(string) list(string)', findAll, matching),
  method('string', 'findAll(string, int) list(string)', findAll, matching),
]
