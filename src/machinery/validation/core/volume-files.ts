/** The files that volumes show: their paths and modes. */
import type { KeyToPath, Volume } from '../../../api/core/v1/volume.ts'
import { invalid, required } from '../../../schema/field-error.ts'
import type { Errors } from '../checks.ts'
import { checkResourceFieldRef, checkVolumeFieldRef } from './env.ts'
import { checkDescending } from './security-context.ts'

const modeMessage = 'must be a number between 0 and 0777 (octal), both inclusive'

export function checkMode(out: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) out.push(invalid(path, mode, modeMessage))
}

export function checkItems(out: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  items?.forEach((item, i) => {
    if (item.path !== '') checkProjectedPath(out, `${path}[${i}].path`, item.path)
    checkMode(out, `${path}[${i}].mode`, item.mode)
  })
}

export function checkProjectedPath(out: Errors, path: string, target: string): void {
  checkDescending(out, path, target)
  if (target.startsWith('..') && !target.startsWith('../')) out.push(invalid(path, target, "must not start with '..'"))
}

type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number]

export function checkDownwardFile(out: Errors, path: string, file: DownwardFile): void {
  if (file.path !== '') checkProjectedPath(out, `${path}.path`, file.path)
  if (file.fieldRef) {
    checkVolumeFieldRef(out, `${path}.fieldRef`, file.fieldRef)
    if (file.resourceFieldRef)
      out.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
  } else if (file.resourceFieldRef) checkResourceFieldRef(out, `${path}.resourceFieldRef`, file.resourceFieldRef, true)
  else out.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  checkMode(out, `${path}.mode`, file.mode)
}
