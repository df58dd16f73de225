import type { UpgradeRefused } from '../../base/upgrade.ts'
import type { ServerResponse } from '../chain/server-request.ts'

/** The backend's own answer to an upgrade that it refused, passed on as it is: clients show its text. */
export const refusalOf = ({ statusCode, body }: UpgradeRefused): ServerResponse => ({
  status: statusCode,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: { is: 'bytes', chunks: [body] },
})
