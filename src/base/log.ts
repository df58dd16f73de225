/** Structured logs: one JSON line an event on standard error. Never pass secrets, tokens or whole objects to it. */
import { type Logger, pino } from 'pino'

export type { Logger }

const root = pino(
  {
    level: process.env.CLIPPER_LOG_LEVEL ?? 'info',
    base: null,
    formatters: { level: label => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  },
  pino.destination({ fd: 2, sync: true }),
)

/** The logger of one component, as `kubelet` or `controller/deployment`. */
export const loggerOf = (component: string): Logger => root.child({ component })
