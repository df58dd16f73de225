import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { kind } from './package.ts'

export const NodeProxyOptions = kind(
  'NodeProxyOptions',
  {
    path: f(1, str).doc('Path at the kubelet.'),
  },
  { doc: 'Query parameters of a request passed on to a node.' },
)
export type NodeProxyOptions = TypeOf<typeof NodeProxyOptions>

export const PodAttachOptions = kind(
  'PodAttachOptions',
  {
    stdin: f(1, bool).doc('Send standard input; false by default.'),
    stdout: f(2, bool).doc('Receive standard output; true by default.'),
    stderr: f(3, bool).doc('Receive standard error; true by default.'),
    tty: f(4, bool).doc('Whether the container has a terminal; false by default.'),
    container: f(5, str).doc('Container; may be left out if there is only one.'),
  },
  { doc: 'Query parameters of attaching to a container.' },
)
export type PodAttachOptions = TypeOf<typeof PodAttachOptions>

export const PodExecOptions = kind(
  'PodExecOptions',
  {
    stdin: f(1, bool).doc('Send standard input; false by default.'),
    stdout: f(2, bool).doc('Receive standard output.'),
    stderr: f(3, bool).doc('Receive standard error.'),
    tty: f(4, bool).doc('Allocate a terminal for the program; false by default.'),
    container: f(5, str).doc('Container; may be left out if there is only one.'),
    command: f(6, list(str)).explicit().doc('Program and arguments, run without a shell.'),
  },
  { doc: 'Query parameters of running a program in a container.' },
)
export type PodExecOptions = TypeOf<typeof PodExecOptions>

export const PodLogOptions = kind(
  'PodLogOptions',
  {
    container: f(1, str).doc('Container; may be left out if there is only one.'),
    follow: f(2, bool).doc('Go on with new lines as they come; false by default.'),
    previous: f(3, bool).doc("Read the log of the container's previous run; false by default."),
    sinceSeconds: f(4, int64).explicit().doc('Only lines of the last so many seconds; excludes `sinceTime`.'),
    sinceTime: f(5, time).explicit().doc('Only lines from this time on; excludes `sinceSeconds`.'),
    timestamps: f(6, bool).doc('Put the time in front of each line; false by default.'),
    tailLines: f(7, int64).explicit().doc('Number of lines from the end to begin with; all by default.'),
    limitBytes: f(8, int64).explicit().doc('Bytes after which the answer ends.'),
    insecureSkipTLSVerifyBackend: f(9, bool).doc('Do not verify the certificate of the kubelet; false by default.'),
    stream: f(10, str).explicit().doc('`All` (default), `Stdout` or `Stderr`.'),
  },
  { doc: 'Query parameters of reading a log.' },
)
export type PodLogOptions = TypeOf<typeof PodLogOptions>

export const PodPortForwardOptions = kind(
  'PodPortForwardOptions',
  {
    ports: f(1, list(int32)).doc('Ports of the pod; needed with WebSocket.'),
  },
  { doc: 'Query parameters of forwarding ports.' },
)
export type PodPortForwardOptions = TypeOf<typeof PodPortForwardOptions>

export const PodProxyOptions = kind(
  'PodProxyOptions',
  {
    path: f(1, str).doc('Path at the pod.'),
  },
  { doc: 'Query parameters of a request passed on to a pod.' },
)
export type PodProxyOptions = TypeOf<typeof PodProxyOptions>

export const ServiceProxyOptions = kind(
  'ServiceProxyOptions',
  {
    path: f(1, str).doc('Path at the service.'),
  },
  { doc: 'Query parameters of a request passed on to a service.' },
)
export type ServiceProxyOptions = TypeOf<typeof ServiceProxyOptions>
