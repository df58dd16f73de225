/**
 * The kubelet's directory as CSI drivers know it: their manifests say /var/lib/kubelet. Where that is a link to ours, drivers
 * are told paths below it, which in their containers are the only ones that are there.
 */
import { lstatSync, readlinkSync, realpathSync, symlinkSync, unlinkSync } from 'node:fs'
import { kubeletDirectory } from '../remove-all-pods.ts'

const usualDirectory = '/var/lib/kubelet'

export function driverDirectory(dataDirectory: string, usual = usualDirectory): string {
  const own = kubeletDirectory(dataDirectory)
  try {
    return realpathSync(usual) === realpathSync(own) ? usual : own
  } catch {
    return own
  }
}

/** Unless something is there: another kubelet's, or another cluster's. */
export function linkDriverDirectory(dataDirectory: string, usual = usualDirectory): void {
  if (lstatSync(usual, { throwIfNoEntry: false }) === undefined) symlinkSync(kubeletDirectory(dataDirectory), usual)
}

export function unlinkDriverDirectory(dataDirectory: string, usual = usualDirectory): void {
  const isLink = lstatSync(usual, { throwIfNoEntry: false })?.isSymbolicLink()
  if (isLink && readlinkSync(usual) === kubeletDirectory(dataDirectory)) unlinkSync(usual)
}
