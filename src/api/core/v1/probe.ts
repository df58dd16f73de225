import { f, inline } from '../../../schema/field.ts'
import { int32, int64, intOrString, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'
import { stopSignal } from './stop-signal.ts'

export const ExecAction = message(
  'ExecAction',
  {
    command: f(1, list(str)).listOf('atomic').doc('Program and arguments, run without a shell.'),
  },
  { doc: 'Runs a program inside the container; exit code 0 is success.' },
)
export type ExecAction = TypeOf<typeof ExecAction>

export const GRPCAction = message(
  'GRPCAction',
  {
    port: f(1, int32).required().always().doc('Port of the gRPC server, 1 to 65535.'),
    service: f(2, str)
      .orNull()
      .explicit()
      .default('')
      .doc('Service name sent in the health request; empty by default.'),
    mode: f(3, oneOf('Plaintext', 'TLS'))
      .go('v1.GRPCProbeMode')
      .gate('GRPCContainerProbeTLS')
      .go('v1.GRPCProbeMode')
      .explicit()
      .doc('Whether to connect in plain text (default) or with TLS, unverified.'),
  },
  { doc: 'Asks the gRPC health service of the container.' },
)
export type GRPCAction = TypeOf<typeof GRPCAction>

export const HTTPHeader = message(
  'HTTPHeader',
  {
    name: f(1, str).required().always().doc('Name of the header.'),
    value: f(2, str).required().always().doc('Value of the header.'),
  },
  { doc: 'A header of a probe request.' },
)
export type HTTPHeader = TypeOf<typeof HTTPHeader>

export const HTTPGetAction = message(
  'HTTPGetAction',
  {
    path: f(1, str).doc('Path to request; `/` by default.'),
    port: f(2, intOrString).required().doc('Port number, or the name of a container port.'),
    host: f(3, str).doc('Host to connect to; the IP address of the pod by default.'),
    scheme: f(4, oneOf('HTTP', 'HTTPS'))
      .go('v1.URIScheme')
      .doc('`HTTP` (default) or `HTTPS`; certificates are not verified.'),
    httpHeaders: f(5, list(HTTPHeader)).listOf('atomic').doc('Headers to send; a name may occur more than once.'),
    protocol: f(6, oneOf('HTTP1', 'HTTP2'))
      .go('v1.HTTPProtocol')
      .gate('H2CContainerProbe')
      .go('v1.HTTPProtocol')
      .explicit()
      .doc('Version of HTTP to speak; `HTTP1` by default.'),
  },
  { doc: 'Sends an HTTP GET request; a status from 200 to 399 is success.' },
)
export type HTTPGetAction = TypeOf<typeof HTTPGetAction>

export const SleepAction = message(
  'SleepAction',
  {
    seconds: f(1, int64).required().always().doc('How many seconds to wait.'),
  },
  { doc: 'Waits for a while.' },
)
export type SleepAction = TypeOf<typeof SleepAction>

export const TCPSocketAction = message(
  'TCPSocketAction',
  {
    port: f(1, intOrString).required().doc('Port number, or the name of a container port.'),
    host: f(2, str).doc('Host to connect to; the IP address of the pod by default.'),
  },
  { doc: 'Opens a TCP connection; success is that it opens.' },
)
export type TCPSocketAction = TypeOf<typeof TCPSocketAction>

export const LifecycleHandler = message(
  'LifecycleHandler',
  {
    exec: f(1, ExecAction).doc('Run a program in the container.'),
    httpGet: f(2, HTTPGetAction).doc('Send an HTTP request.'),
    tcpSocket: f(3, TCPSocketAction).doc('No longer supported; refused when the hook runs.'),
    sleep: f(4, SleepAction).doc('Wait for a while.'),
  },
  { doc: 'One action of a lifecycle hook; exactly one member is set.' },
)
export type LifecycleHandler = TypeOf<typeof LifecycleHandler>

export const Lifecycle = message(
  'Lifecycle',
  {
    postStart: f(1, LifecycleHandler).doc('Runs right after the start; if it fails, the container is restarted.'),
    preStop: f(2, LifecycleHandler).doc('Runs before the stop signal is sent, within the grace period.'),
    stopSignal: f(3, stopSignal)
      .go('v1.Signal')
      .gate('ContainerStopSignals')
      .go('v1.Signal')
      .explicit()
      .doc('Signal that asks the container to stop; needs `spec.os.name`.'),
  },
  { doc: 'Actions that go with the start and the stop of a container.' },
)
export type Lifecycle = TypeOf<typeof Lifecycle>

export const ProbeHandler = message(
  'ProbeHandler',
  {
    exec: f(1, ExecAction).doc('Run a program in the container.'),
    httpGet: f(2, HTTPGetAction).doc('Send an HTTP request.'),
    tcpSocket: f(3, TCPSocketAction).doc('Open a TCP connection.'),
    grpc: f(4, GRPCAction).doc('Ask the gRPC health service.'),
  },
  { doc: 'How a probe checks; exactly one member is set.' },
)
export type ProbeHandler = TypeOf<typeof ProbeHandler>

export const Probe = message(
  'Probe',
  {
    ...inline(1, ProbeHandler),
    initialDelaySeconds: f(2, int32).doc(
      'Seconds after the start of the container before the first check; 0 by default.',
    ),
    timeoutSeconds: f(3, int32).doc('Seconds after which a check has failed; 1 by default.'),
    periodSeconds: f(4, int32).doc('Seconds between checks; 10 by default.'),
    successThreshold: f(5, int32).doc(
      'Successes in a row after a failure to count as well; 1 by default, always 1 except for readiness.',
    ),
    failureThreshold: f(6, int32).doc('Failures in a row after a success to count as failed; 3 by default.'),
    terminationGracePeriodSeconds: f(7, int64)
      .explicit()
      .doc('Seconds to stop after a failed probe in place of those of the pod; not for readiness.'),
  },
  { doc: 'A periodic check of a container by the kubelet.' },
)
export type Probe = TypeOf<typeof Probe>
