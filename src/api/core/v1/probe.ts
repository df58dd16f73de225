import { f, inline } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const ExecAction = message('ExecAction', {
  command: f(1, list(str)).listOf('atomic'),
})
export type ExecAction = TypeOf<typeof ExecAction>

export const GRPCAction = message('GRPCAction', {
  port: f(1, int32).required().always(),
  service: f(2, str).explicit().default(''),
  mode: f(3, oneOf('Plaintext', 'TLS')).explicit(),
})
export type GRPCAction = TypeOf<typeof GRPCAction>

export const HTTPHeader = message('HTTPHeader', {
  name: f(1, str).required().always(),
  value: f(2, str).required().always(),
})
export type HTTPHeader = TypeOf<typeof HTTPHeader>

export const HTTPGetAction = message('HTTPGetAction', {
  path: f(1, str),
  port: f(2, intOrString).required(),
  host: f(3, str),
  scheme: f(4, oneOf('HTTP', 'HTTPS')),
  httpHeaders: f(5, list(HTTPHeader)).listOf('atomic'),
  protocol: f(6, oneOf('HTTP1', 'HTTP2')).explicit(),
})
export type HTTPGetAction = TypeOf<typeof HTTPGetAction>

export const SleepAction = message('SleepAction', {
  seconds: f(1, int64).required().always(),
})
export type SleepAction = TypeOf<typeof SleepAction>

export const TCPSocketAction = message('TCPSocketAction', {
  port: f(1, intOrString).required(),
  host: f(2, str),
})
export type TCPSocketAction = TypeOf<typeof TCPSocketAction>

export const LifecycleHandler = message('LifecycleHandler', {
  exec: f(1, ExecAction),
  httpGet: f(2, HTTPGetAction),
  tcpSocket: f(3, TCPSocketAction),
  sleep: f(4, SleepAction),
})
export type LifecycleHandler = TypeOf<typeof LifecycleHandler>

export const Lifecycle = message('Lifecycle', {
  postStart: f(1, LifecycleHandler),
  preStop: f(2, LifecycleHandler),
  stopSignal: f(
    3,
    oneOf(
      'SIGABRT',
      'SIGALRM',
      'SIGBUS',
      'SIGCHLD',
      'SIGCLD',
      'SIGCONT',
      'SIGFPE',
      'SIGHUP',
      'SIGILL',
      'SIGINT',
      'SIGIO',
      'SIGIOT',
      'SIGKILL',
      'SIGPIPE',
      'SIGPOLL',
      'SIGPROF',
      'SIGPWR',
      'SIGQUIT',
      'SIGRTMAX',
      'SIGRTMAX-1',
      'SIGRTMAX-10',
      'SIGRTMAX-11',
      'SIGRTMAX-12',
      'SIGRTMAX-13',
      'SIGRTMAX-14',
      'SIGRTMAX-2',
      'SIGRTMAX-3',
      'SIGRTMAX-4',
      'SIGRTMAX-5',
      'SIGRTMAX-6',
      'SIGRTMAX-7',
      'SIGRTMAX-8',
      'SIGRTMAX-9',
      'SIGRTMIN',
      'SIGRTMIN+1',
      'SIGRTMIN+10',
      'SIGRTMIN+11',
      'SIGRTMIN+12',
      'SIGRTMIN+13',
      'SIGRTMIN+14',
      'SIGRTMIN+15',
      'SIGRTMIN+2',
      'SIGRTMIN+3',
      'SIGRTMIN+4',
      'SIGRTMIN+5',
      'SIGRTMIN+6',
      'SIGRTMIN+7',
      'SIGRTMIN+8',
      'SIGRTMIN+9',
      'SIGSEGV',
      'SIGSTKFLT',
      'SIGSTOP',
      'SIGSYS',
      'SIGTERM',
      'SIGTRAP',
      'SIGTSTP',
      'SIGTTIN',
      'SIGTTOU',
      'SIGURG',
      'SIGUSR1',
      'SIGUSR2',
      'SIGVTALRM',
      'SIGWINCH',
      'SIGXCPU',
      'SIGXFSZ',
    ),
  ).explicit(),
})
export type Lifecycle = TypeOf<typeof Lifecycle>

export const ProbeHandler = message('ProbeHandler', {
  exec: f(1, ExecAction),
  httpGet: f(2, HTTPGetAction),
  tcpSocket: f(3, TCPSocketAction),
  grpc: f(4, GRPCAction),
})
export type ProbeHandler = TypeOf<typeof ProbeHandler>

export const Probe = message('Probe', {
  ...inline(1, ProbeHandler),
  initialDelaySeconds: f(2, int32),
  timeoutSeconds: f(3, int32),
  periodSeconds: f(4, int32),
  successThreshold: f(5, int32),
  failureThreshold: f(6, int32),
  terminationGracePeriodSeconds: f(7, int64).explicit(),
})
export type Probe = TypeOf<typeof Probe>
