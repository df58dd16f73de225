/** The protobuf enums of CRI v1. */
export const NamespaceMode = { pod: 0, container: 1, node: 2, target: 3 } as const
export const MountPropagation = { private: 0, hostToContainer: 1, bidirectional: 2 } as const
export const Protocol = { TCP: 0, UDP: 1, SCTP: 2 } as const
export const ProfileType = { runtimeDefault: 0, unconfined: 1, localhost: 2 } as const
export const SupplementalGroupsPolicy = { merge: 0, strict: 1 } as const
export const SandboxState = { ready: 0, notReady: 1 } as const
export const ContainerState = { created: 0, running: 1, exited: 2, unknown: 3 } as const
export const CgroupDriver = { systemd: 0, cgroupfs: 1 } as const

const plainSignals =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'.split(
    ' ',
  )
const signalNames = [
  ...plainSignals.map(name => `SIG${name}`),
  'SIGRTMIN',
  ...Array.from({ length: 15 }, (_, index) => `SIGRTMIN+${index + 1}`),
  ...Array.from({ length: 14 }, (_, index) => `SIGRTMAX-${14 - index}`),
  'SIGRTMAX',
]

/** The number of a stop signal, as `SIGTERM`; 0, the runtime's own default, for none. */
export const signalNumber = (name: string | undefined): number =>
  name === undefined ? 0 : signalNames.indexOf(name) + 1

/** The name of a stop signal; undefined for the runtime's default. */
export const signalName = (number: number | undefined): string | undefined => signalNames[(number ?? 0) - 1]
